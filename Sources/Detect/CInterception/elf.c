#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "CPortTrap.h"

/* An ELF file in memory. Every offset in it is checked: the file is another program's. */
struct image {
  const unsigned char *bytes;
  size_t size;
};

static const void *at(const struct image *image, uint64_t offset, uint64_t length) {
  return offset <= image->size && length <= image->size - offset ? image->bytes + offset : 0;
}

static int map_file(const char *path, struct image *image) {
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  struct stat status;
  void *bytes = MAP_FAILED;
  if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > (off_t)sizeof(Elf64_Ehdr))
    bytes = mmap(0, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
  close(file);
  if (bytes == MAP_FAILED) return -1;
  image->bytes = bytes;
  image->size = (size_t)status.st_size;
  return 0;
}

static const Elf64_Ehdr *header(const struct image *image) {
  const Elf64_Ehdr *start = at(image, 0, sizeof *start);
  if (!start || memcmp(start->e_ident, ELFMAG, SELFMAG) != 0 || start->e_ident[EI_CLASS] != ELFCLASS64) return 0;
  return start;
}

/* The address, as the file's symbols count it, of a byte of the file; 0 if no segment has it. */
static uint64_t address_of(const struct image *image, const Elf64_Ehdr *start, uint64_t offset) {
  for (int i = 0; i < start->e_phnum; i++) {
    const Elf64_Phdr *part = at(image, start->e_phoff + (uint64_t)i * start->e_phentsize, sizeof *part);
    if (part && part->p_type == PT_LOAD && offset >= part->p_offset && offset - part->p_offset < part->p_filesz)
      return part->p_vaddr + (offset - part->p_offset);
  }
  return 0;
}

/* The lowest address of a segment, at the beginning of its page: where the file begins in memory. */
static uint64_t lowest_address(const struct image *image, const Elf64_Ehdr *start) {
  uint64_t lowest = UINT64_MAX;
  for (int i = 0; i < start->e_phnum; i++) {
    const Elf64_Phdr *part = at(image, start->e_phoff + (uint64_t)i * start->e_phentsize, sizeof *part);
    if (part && part->p_type == PT_LOAD && part->p_vaddr < lowest) lowest = part->p_vaddr;
  }
  return lowest == UINT64_MAX ? 0 : lowest & ~(uint64_t)4095;
}

/* The next symbol table at or after section *index, with the text that holds its names. */
static const Elf64_Sym *next_table(const struct image *image, const Elf64_Ehdr *start, int *index, uint64_t *count,
                                   const Elf64_Shdr **names) {
  for (; *index < start->e_shnum; ++*index) {
    const Elf64_Shdr *section = at(image, start->e_shoff + (uint64_t)*index * start->e_shentsize, sizeof *section);
    if (!section || (section->sh_type != SHT_SYMTAB && section->sh_type != SHT_DYNSYM)) continue;
    *names = at(image, start->e_shoff + (uint64_t)section->sh_link * start->e_shentsize, sizeof **names);
    const Elf64_Sym *symbols = at(image, section->sh_offset, section->sh_size);
    if (!symbols || !*names || section->sh_link >= start->e_shnum) continue;
    *count = section->sh_size / sizeof *symbols;
    return symbols;
  }
  return 0;
}

static int copy_name(const struct image *image, const Elf64_Shdr *names, uint32_t place, char *name, int capacity) {
  const char *text = place < names->sh_size ? at(image, names->sh_offset + place, 1) : 0;
  if (!text) return 0;
  size_t longest = names->sh_size - place, rest = image->size - (size_t)((const unsigned char *)text - image->bytes);
  if (longest > rest) longest = rest;
  size_t length = strnlen(text, longest);
  if (length >= (size_t)capacity) length = (size_t)capacity - 1;
  memcpy(name, text, length);
  name[length] = 0;
  return (int)length;
}

int pt_function(const char *path, uint64_t offset, char *name, int capacity) {
  struct image image;
  if (map_file(path, &image) != 0) return 0;
  const Elf64_Ehdr *start = header(&image);
  uint64_t address = start ? address_of(&image, start, offset) : 0;
  int length = 0;
  uint64_t count = 0;
  const Elf64_Shdr *names = 0;
  const Elf64_Sym *symbols;
  for (int index = 0; address && !length && (symbols = next_table(&image, start, &index, &count, &names)); index++)
    for (uint64_t i = 0; i < count && !length; i++) {
      int type = ELF64_ST_TYPE(symbols[i].st_info);
      if ((type == STT_FUNC || type == STT_GNU_IFUNC) && symbols[i].st_shndx != SHN_UNDEF &&
          address >= symbols[i].st_value && address - symbols[i].st_value < symbols[i].st_size)
        length = copy_name(&image, names, symbols[i].st_name, name, capacity);
    }
  munmap((void *)image.bytes, image.size);
  return length;
}

int pt_place_of(const char *path, const char *name, uint64_t *place) {
  struct image image;
  if (map_file(path, &image) != 0) return -1;
  const Elf64_Ehdr *start = header(&image);
  int result = -1;
  uint64_t count = 0;
  const Elf64_Shdr *names = 0;
  const Elf64_Sym *symbols;
  char found[64];
  for (int index = 0; start && result != 0 && (symbols = next_table(&image, start, &index, &count, &names)); index++)
    for (uint64_t i = 0; i < count && result != 0; i++) {
      if (symbols[i].st_shndx == SHN_UNDEF || ELF64_ST_TYPE(symbols[i].st_info) != STT_OBJECT) continue;
      if (copy_name(&image, names, symbols[i].st_name, found, sizeof found) && strcmp(found, name) == 0) {
        *place = symbols[i].st_value - lowest_address(&image, start);
        result = 0;
      }
    }
  munmap((void *)image.bytes, image.size);
  return result;
}
