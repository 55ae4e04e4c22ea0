"""SM2 over its own curve: the public point of a private key, and signatures with a named signer (GB/T 32918.2, .5).

The libraries load no SM2 keys; OpenSSL verifies with the standard's signer only, and cannot say what else would fit.
"""

from __future__ import annotations

from app.checks.certificate import der

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
STANDARD_SIGNER = b"1234567812345678"  # GM/T 0009, 10; GM/T 0015
Point = tuple[int, int]


def public_point(secret: int) -> Point | None:
    """The point of a private key; None for a number that is none."""
    return _times(secret, G) if 1 <= secret < N - 1 else None


def point_of(encoded: bytes) -> Point | None:
    """The point of an uncompressed or compressed encoding (SEC 1, 2.3.4); None for one not on the curve."""
    if len(encoded) == 33 and encoded[0] in (2, 3):
        x = int.from_bytes(encoded[1:], "big")
        y = pow((x * x * x + A * x + B) % P, (P + 1) // 4, P)
        found = (x, y if y & 1 == encoded[0] & 1 else P - y)
    elif len(encoded) == 65 and encoded[0] == 4:
        found = (int.from_bytes(encoded[1:33], "big"), int.from_bytes(encoded[33:], "big"))
    else:
        return None
    x, y = found
    on_curve = x < P and y < P and (y * y - (x * x * x + A * x + B)) % P == 0
    return found if on_curve else None


def numbers(signature: bytes) -> tuple[int, int] | None:
    """r and s of a signature's DER; None where it is none, whoever signed."""
    try:
        parts = der.element(signature, der.SEQUENCE).children()
    except der.NotDer:
        return None
    if [part.tag for part in parts] != [der.INTEGER, der.INTEGER]:
        return None
    r, s = (int.from_bytes(part.content, "big", signed=True) for part in parts)
    return (r, s) if 1 <= r < N and 1 <= s < N and (r + s) % N else None


def verified(public: Point, message: bytes, signature: bytes, signer: bytes = STANDARD_SIGNER) -> bool:
    """Whether ``signature`` is that of ``signer`` over ``message`` (GB/T 32918.2, 7.1)."""
    pair = numbers(signature)
    if pair is None:
        return False
    r, s = pair
    digest = int.from_bytes(_sm3(_identity(public, signer) + message), "big")
    point = _plus(_jacobian(s, G), _jacobian((r + s) % N, public))
    found = _affine(point)
    return found is not None and (digest + found[0]) % N == r


def _identity(public: Point, signer: bytes) -> bytes:
    """Z: the digest over signer, curve and key (GB/T 32918.2, 5.5)."""
    curve = b"".join(number.to_bytes(32, "big") for number in (A, B, *G, *public))
    return _sm3((len(signer) * 8).to_bytes(2, "big") + signer + curve)


def _sm3(message: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes

    digest = hashes.Hash(hashes.SM3())
    digest.update(message)
    return digest.finalize()


_Jacobian = tuple[int, int, int]
_NOWHERE: _Jacobian = (1, 1, 0)


def _times(factor: int, point: Point) -> Point | None:
    return _affine(_jacobian(factor, point))


def _jacobian(factor: int, point: Point) -> _Jacobian:
    total, term = _NOWHERE, (*point, 1)
    for digit in bin(factor)[2:]:
        total = _twice(total)
        if digit == "1":
            total = _plus(total, term)
    return total


def _twice(point: _Jacobian) -> _Jacobian:
    """Doubling for a = -3."""
    x, y, z = point
    if not y or not z:
        return _NOWHERE
    square = z * z % P
    y2 = y * y % P
    s = 4 * x * y2 % P
    m = 3 * (x - square) * (x + square) % P
    x3 = (m * m - 2 * s) % P
    return x3, (m * (s - x3) - 8 * y2 * y2) % P, 2 * y * z % P


def _plus(one: _Jacobian, other: _Jacobian) -> _Jacobian:
    if not one[2]:
        return other
    if not other[2]:
        return one
    (x1, y1, z1), (x2, y2, z2) = one, other
    z1z1, z2z2 = z1 * z1 % P, z2 * z2 % P
    u1, u2 = x1 * z2z2 % P, x2 * z1z1 % P
    s1, s2 = y1 * z2 * z2z2 % P, y2 * z1 * z1z1 % P
    if u1 == u2:
        return _twice(one) if s1 == s2 else _NOWHERE
    h, r = (u2 - u1) % P, (s2 - s1) % P
    h2 = h * h % P
    h3, v = h * h2 % P, u1 * h2 % P
    x3 = (r * r - h3 - 2 * v) % P
    return x3, (r * (v - x3) - s1 * h3) % P, h * z1 * z2 % P


def _affine(point: _Jacobian) -> Point | None:
    x, y, z = point
    if not z:
        return None
    inverse = pow(z, -1, P)
    square = inverse * inverse % P
    return x * square % P, y * square * inverse % P
