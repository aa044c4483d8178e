#define _GNU_SOURCE
#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/ioctl.h>

#include "CPortTrap.h"
#include "calls.h"
#include "tree.h"

static void normalise(const struct seccomp_data *data, struct pt_call *call) {
  memcpy(call->arguments, data->args, sizeof call->arguments);
  call->instruction = data->instruction_pointer;
  call->kind = PT_CALL_OTHER;
#ifdef __x86_64__
  if (data->arch == AUDIT_ARCH_I386) {
    if (data->nr == I386_BIND) call->kind = PT_CALL_BIND;
    if (data->nr == I386_LISTEN) call->kind = PT_CALL_LISTEN;
    if (data->nr == I386_SOCKETCALL) {
      uint32_t words[3] = {0};
      if (pt_read_memory((pid_t)call->tid, (uint32_t)data->args[1], words, sizeof words) != (long)sizeof words) return;
      call->kind = data->args[0] == SOCKETCALL_BIND ? PT_CALL_BIND : PT_CALL_LISTEN;
      for (int i = 0; i < 3; i++) call->arguments[i] = words[i];
    }
    return;
  }
#endif
  switch (data->nr & (int)~X32_BIT) {
    case __NR_bind: call->kind = PT_CALL_BIND; break;
    case __NR_listen: call->kind = PT_CALL_LISTEN; break;
    case __NR_getsockname: call->kind = PT_CALL_GETSOCKNAME; break;
    case __NR_socket: call->kind = PT_CALL_SOCKET; break;
    case __NR_connect: call->kind = PT_CALL_CONNECT; break;
    case __NR_accept:
    case __NR_accept4: call->kind = PT_CALL_ACCEPT; break;
  }
}

int pt_receive(struct pt_tree *tree, struct pt_call *call) {
  struct calls *calls = tree->calls;
  memset(&calls->incoming, 0, sizeof calls->incoming.notification + 64);
  if (ioctl(tree->listener, SECCOMP_IOCTL_NOTIF_RECV, &calls->incoming) != 0)
    return errno == ENOENT || errno == EINTR ? 0 : -errno;
  call->id = calls->incoming.notification.id;
  call->tid = calls->incoming.notification.pid;
  normalise(&calls->incoming.notification.data, call);
  return 1;
}

int pt_keep(struct pt_tree *tree, uint64_t id) {
  struct calls *calls = tree->calls;
  for (int i = 0; i < MAX_KEPT; i++)
    if (!calls->kept[i]) {
      calls->kept[i] = id;
      return 0;
    }
  return -1;
}

static void forget(struct calls *calls, uint64_t id) {
  if (calls->incoming.notification.id == id) calls->incoming.notification.id = 0;
  else
    for (int i = 0; i < MAX_KEPT; i++)
      if (calls->kept[i] == id) calls->kept[i] = 0;
}

int pt_continue(struct pt_tree *tree, uint64_t id) {
  int error = pt_reply(tree->listener, id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE);
  forget(tree->calls, id);
  return error;
}

int pt_answer(struct pt_tree *tree, uint64_t id, int error, int64_t value) {
  int failure = pt_reply(tree->listener, id, value, error, 0);
  forget(tree->calls, id);
  return failure;
}

int pt_is_valid(struct pt_tree *tree, uint64_t id) {
  return ioctl(tree->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}
