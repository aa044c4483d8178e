"""Damages documents, at random by a given generator: their bytes, their lines, and what their JSON is made of."""

import json

LARGEST = 1_200_000

NUMBERS = [
    "0", "-0", "-1", "1", "2", "10", "64", "65", "1023", "4096", "4097", "65535", "65536", "10000000", "2147483647",
    "2147483648", "4294967295", "4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808",
    "18446744073709551615", "18446744073709551616", "-9223372036854775808", "-9223372036854775809", "0.5", "1.5", "-0.1",
    "1e-400", "1e400", "-1e400", "1E+2", "5e-324", "1" + "0" * 40, "0." + "3" * 400, "9" * 20_000,
]
# Not JSON, or not quite.
TOKENS = [
    "NaN", "Infinity", "-", "01", "+1", ".5", "1.", "0x10", "tru", "'x'", "//", "/* */", ",", ":", "\ufeff", "\\ud800",
    '"\\ud800"', '"\\u0000"', '"\\x"', "\u2028", "\u202e", "\r\n", "\x00", "\x1b[2J",
]
TEXTS = [
    "", " ", "*", "a", "probe-then-bind", "nothing", "x" * 63, "x" * 65, "x" * 5_000, "\u00e9\u6f22\U0001f980",
    "e\u0301" * 50, "\u202e", "\x00", "\x1b[31m", "::error::x", "../..", "/dev/zero", "%s%n", "=1+1", "\n" * 50, "null",
]


class Token(str):
    """Text that stands in the document as it is."""


class Members(list):
    """An object as a list of [key, value], so that a key may be there twice."""


def parse(text):
    return json.loads(
        text, object_pairs_hook=lambda pairs: Members([key, value] for key, value in pairs), parse_int=Token,
        parse_float=Token)


def write(value):
    if isinstance(value, Members):
        return "{" + ",".join(f"{write(str(key))}:{write(inner)}" for key, inner in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(write, value)) + "]"
    if isinstance(value, Token):
        return str(value)
    return json.dumps(value, ensure_ascii=False)


def places(value):
    """Every list and object that has something in it, with itself first."""
    found, rest = [], [value]
    while rest:
        inner = rest.pop()
        if isinstance(inner, list) and inner:
            found.append(inner)
            rest += [member[1] for member in inner] if isinstance(inner, Members) else inner
    return found


def replacement(random, old, others):
    """Another value in a value's place; more often than not a number in a number's."""
    if isinstance(old, Token) and random.random() < 0.6:
        return Token(random.choice(NUMBERS))
    choice = random.randrange(10)
    if choice < 3:
        return Token(random.choice(NUMBERS))
    if choice == 3:
        return random.choice(TEXTS)
    if choice == 4:
        return random.choice([None, True, False, [], Members()])
    if choice == 5:
        return Token(random.choice(TOKENS))
    if choice == 6 and others:
        holder = random.choice(places(random.choice(others)))
        inner = random.choice(holder)
        return inner[1] if isinstance(holder, Members) else inner
    if choice == 7:
        for _ in range(random.choice([1, 2, 70, 300])):
            old = [old] if random.random() < 0.5 else Members([["a", old]])
        return old
    if choice == 8:
        return str(old)
    return Token("\"" + random.choice(["a", "\\u00e9", "trials"]) * random.choice([10, 1_000, 100_000]) + "\"")


def damage_value(random, root, others):
    """Changes a parsed document once. `others` are documents to take parts of."""
    holders = places(root)
    if not holders:
        return
    holder = random.choice(holders)
    place = random.randrange(len(holder))
    choice = random.randrange(8)
    if choice == 0:
        del holder[place]
    elif choice == 1:
        holder.insert(random.randrange(len(holder) + 1), holder[place])
    elif choice == 2:
        other = random.randrange(len(holder))
        if isinstance(holder, Members):
            holder[place] = [holder[place][0], holder[other][1]]
        else:
            holder[place] = holder[other]
    elif choice == 3:
        holder.extend([holder[place]] * random.choice([2, 20, 3_000]))
    elif choice == 4 and isinstance(holder, Members):
        key, value = holder[place]
        name = random.choice([key[:-1], key + "s", key.upper(), *TEXTS])
        holder[place] = [name, value]
    else:
        old = holder[place][1] if isinstance(holder, Members) else holder[place]
        value = replacement(random, old, others)
        holder[place] = [holder[place][0], value] if isinstance(holder, Members) else value


def damage_bytes(random, data):
    """Changes bytes once."""
    data = bytearray(data)
    start = random.randrange(len(data) + 1)
    length = random.choice([1, 1, 2, 8, 100, 5_000])
    choice = random.randrange(7)
    if choice == 0 and data:
        data[start % len(data)] ^= 1 << random.randrange(8)
    elif choice == 1:
        data[start:start] = random.randbytes(length)
    elif choice == 2:
        del data[start:start + length]
    elif choice == 3:
        data[start:start] = data[start:start + length] * random.choice([1, 2, 50])
    elif choice == 4:
        del data[start:]
    elif choice == 5:
        data[start:start] = random.choice(TOKENS + NUMBERS).encode("utf-8", "surrogatepass")
    else:
        data[start:start] = random.choice([b" ", b"\n", b"[", b"{", b'{"a":', b"\xff", b"\x00"]) * random.choice(
            [1, 100, 10_000])
    return bytes(data)


def damage_lines(random, lines):
    """Changes the order and number of lines once."""
    if not lines:
        return
    place, other = random.randrange(len(lines)), random.randrange(len(lines))
    choice = random.randrange(5)
    if choice == 0:
        del lines[place]
    elif choice == 1:
        lines.insert(other, lines[place])
    elif choice == 2:
        lines[place], lines[other] = lines[other], lines[place]
    elif choice == 3:
        lines[other:other] = [lines[place]] * random.choice([2, 50, 2_000])
    else:
        del lines[min(place, other):max(place, other)]


def damage_json(random, data, others):
    """A document with one to four changes: half of the time of its JSON, else of its bytes."""
    rounds = random.choice([1, 1, 1, 2, 4])
    if random.random() < 0.7:
        try:
            root = parse(data.decode())
        except (ValueError, RecursionError):
            root = None
        if root is not None:
            for _ in range(rounds):
                damage_value(random, root, others)
            try:
                return write(root).encode("utf-8", "surrogatepass")[:LARGEST]
            except RecursionError:
                return data
    for _ in range(rounds):
        data = damage_bytes(random, data)
    return data[:LARGEST]


def damage_events(random, data, others):
    """A history with one to four changes: of a line's JSON, of the lines, or of the bytes."""
    lines = data.split(b"\n")
    for _ in range(random.choice([1, 1, 2, 4])):
        choice = random.random()
        if choice < 0.6 and lines:
            place = random.randrange(len(lines))
            lines[place] = damage_json(random, lines[place], others) if lines[place] else lines[place]
        elif choice < 0.85:
            damage_lines(random, lines)
        else:
            lines = damage_bytes(random, b"\n".join(lines)).split(b"\n")
    return b"\n".join(lines)[:LARGEST]


def without_parts(parts):
    """The list without a part of it: first without halves, at last without single elements."""
    size = (len(parts) + 1) // 2
    while size:
        for start in range(0, len(parts), size):
            yield parts[:start] + parts[start + size:]
        size //= 2


def smaller(data):
    """Documents with less in them, those with least first: the candidates of shrinking."""
    try:
        root = parse(data.decode())
    except (ValueError, RecursionError):
        root = None
    if root is not None:
        for holder in sorted(places(root), key=len, reverse=True):
            whole = holder[:]
            for fewer in without_parts(whole):
                holder[:] = fewer
                yield write(root).encode("utf-8", "surrogatepass")
            holder[:] = whole
    for lines in without_parts(data.split(b"\n")):
        yield b"\n".join(lines)
    for pieces in without_parts([data[i:i + 1] for i in range(len(data))]):
        yield b"".join(pieces)
