"""How Ed25519 signs (RFC 8032, section 5.1), in plain Python: slow, and nobody's library."""

import hashlib

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a, b):
    """Adds two points in extended coordinates (X, Y, Z, T)."""
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    left = (y1 - x1) * (y2 - x2) % P
    right = (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = right - left, d - c, d + c, right + left
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    """Multiplies by doubling."""
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = add(total, point)
        point = add(point, point)
        scalar >>= 1
    return total


def base():
    """The base point: y is 4/5 and x is even."""
    y = 4 * pow(5, P - 2, P) % P
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    x = P - x if x & 1 else x
    return x, y, 1, x * y % P


def packed(point):
    x, y, z, _ = point
    inverse = pow(z, P - 2, P)
    x, y = x * inverse % P, y * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def halves(seed):
    wide = bytearray(hashlib.sha512(seed).digest())
    wide[0] &= 248
    wide[31] = wide[31] & 127 | 64
    return int.from_bytes(wide[:32], "little"), bytes(wide[32:])


def number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % ORDER


def public(seed):
    """The public key of a seed."""
    return packed(times(halves(seed)[0], base()))


def sign(seed, message):
    """The 64 bytes of signature."""
    scalar, prefix = halves(seed)
    r = number(prefix, message)
    first = packed(times(r, base()))
    s = (r + number(first, public(seed), message) * scalar) % ORDER
    return first + s.to_bytes(32, "little")
