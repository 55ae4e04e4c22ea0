"""A Word document signed (ECMA-376 part 2, MS-OFFCRYPTO 2.5.2): everything outside docProps is covered.

A further signer adds a signature of his own and leaves the ones before him valid.
"""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from app.documents.ooxml import (
    ORIGIN,
    ORIGIN_RELATION,
    RELATIONS_NS,
    RELATIONS_TYPE,
    SIGNATURE_RELATION,
    SIGNATURES,
    TYPES,
    TYPES_NS,
    Package,
    canonical,
    digest,
    parse,
    signed_relations,
    transformed_relations,
)

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from app.documents.signer import Signer

DSIG = "http://www.w3.org/2000/09/xmldsig#"
MDSSI = "http://schemas.openxmlformats.org/package/2006/digital-signature"
OFFICE = "http://schemas.microsoft.com/office/2006/digsig"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
RELATIONSHIP_TRANSFORM = "http://schemas.openxmlformats.org/package/2006/RelationshipTransform"
SIGNATURE_TYPE = "application/vnd.openxmlformats-package.digital-signature-xmlsignature+xml"
ORIGIN_TYPE = "application/vnd.openxmlformats-package.digital-signature-origin"
METHOD = f'<DigestMethod Algorithm="{SHA256}"/>'


def sign(document: bytes, signer: Signer, moment: datetime) -> bytes:
    """``document`` (a .docx's bytes) with one more signature by ``signer``, dated ``moment``.

    Raises InputError when it is no sound Word package.
    """
    package = Package.read(document)
    number = len(package.signatures()) + 1
    prepared = package if ORIGIN in package.parts else Package({**package.parts, **_origin(package)})
    name = f"{SIGNATURES}sig{number}.xml"
    added = {
        TYPES: _with_override(prepared.parts[TYPES], name),
        f"{SIGNATURES}_rels/origin.sigs.rels": _with_signature(prepared, number),
        name: signature_xml(prepared, signer, moment.astimezone(UTC)),
    }
    return prepared.write(added)


def signature_xml(package: Package, signer: Signer, moment: datetime) -> bytes:
    """The signature part: SignedInfo over the package's manifest, Office's information and the XAdES properties."""
    stamp = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    objects = _package_object(package, stamp), _office_object(), _signed_properties(signer.certificate, stamp)
    signed_info = (
        f'<SignedInfo xmlns="{DSIG}"><CanonicalizationMethod Algorithm="{C14N}"/>'
        f'<SignatureMethod Algorithm="{signer.algorithm}"/>'
        + _reference("#idPackageObject", f"{DSIG}Object", objects[0])
        + _reference("#idOfficeObject", f"{DSIG}Object", objects[1])
        + _reference("#idSignedProperties", "http://uri.etsi.org/01903#SignedProperties", objects[2], C14N)
        + "</SignedInfo>"
    )
    value = b64encode(signer.sign(canonical(parse(signed_info.encode())))).decode()
    certificates = "".join(
        f"<X509Certificate>{_der(certificate)}</X509Certificate>" for certificate in (signer.certificate, *signer.chain)
    )
    properties = (
        f'<xd:QualifyingProperties xmlns:xd="{XADES}" Target="#idPackageSignature">{objects[2]}'
        "<xd:UnsignedProperties><xd:UnsignedSignatureProperties/></xd:UnsignedProperties></xd:QualifyingProperties>"
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<Signature xmlns="{DSIG}" Id="idPackageSignature">{signed_info}<SignatureValue>{value}</SignatureValue>'
        f"<KeyInfo><X509Data>{certificates}</X509Data></KeyInfo>{objects[0]}{objects[1]}"
        f"<Object>{properties}</Object></Signature>"
    ).encode()


def _reference(uri: str, kind: str, content: str, transform: str = "") -> str:
    transforms = f'<Transforms><Transform Algorithm="{transform}"/></Transforms>' if transform else ""
    value = digest(canonical(parse(content.encode())))
    return f'<Reference URI="{uri}" Type="{kind}">{transforms}{METHOD}<DigestValue>{value}</DigestValue></Reference>'


def _package_object(package: Package, stamp: str) -> str:
    references = "".join(_part_reference(package, name) for name in package.covered())
    return (
        f'<Object xmlns="{DSIG}" Id="idPackageObject"><Manifest>{references}</Manifest><SignatureProperties>'
        '<SignatureProperty Id="idSignatureTime" Target="#idPackageSignature">'
        f'<mdssi:SignatureTime xmlns:mdssi="{MDSSI}">'
        f"<mdssi:Format>YYYY-MM-DDThh:mm:ssTZD</mdssi:Format><mdssi:Value>{stamp}</mdssi:Value>"
        "</mdssi:SignatureTime></SignatureProperty></SignatureProperties></Object>"
    )


def _part_reference(package: Package, name: str) -> str:
    content, transforms = package.parts[name], ""
    kind = package.content_type(name)
    if kind == RELATIONS_TYPE:
        ids = signed_relations(content)
        content = transformed_relations(content, ids)
        sources = "".join(
            f'<mdssi:RelationshipReference xmlns:mdssi="{MDSSI}" SourceId={quoteattr(source)}/>' for source in ids
        )
        transforms = (
            f'<Transforms><Transform Algorithm="{RELATIONSHIP_TRANSFORM}">{sources}</Transform>'
            f'<Transform Algorithm="{C14N}"/></Transforms>'
        )
    uri = quoteattr(f"/{name}?ContentType={kind}")
    return f"<Reference URI={uri}>{transforms}{METHOD}<DigestValue>{digest(content)}</DigestValue></Reference>"


def _office_object() -> str:
    """SignatureInfoV1 in its schema's order; a visible signature line is not used, the ink goes on paper."""
    empty = "".join(f"<{name}/>" for name in ("SetupID", "SignatureText", "SignatureImage", "SignatureComments"))
    versions = (
        "<WindowsVersion>10.0</WindowsVersion><OfficeVersion>16.0</OfficeVersion>"
        "<ApplicationVersion>16.0</ApplicationVersion><Monitors>1</Monitors><HorizontalResolution>1366"
        "</HorizontalResolution><VerticalResolution>768</VerticalResolution><ColorDepth>32</ColorDepth>"
    )
    provider = (
        "<SignatureProviderId>{00000000-0000-0000-0000-000000000000}</SignatureProviderId><SignatureProviderUrl/>"
        "<SignatureProviderDetails>9</SignatureProviderDetails><SignatureType>1</SignatureType>"
    )
    return (
        f'<Object xmlns="{DSIG}" Id="idOfficeObject"><SignatureProperties>'
        '<SignatureProperty Id="idOfficeV1Details" Target="#idPackageSignature">'
        f'<SignatureInfoV1 xmlns="{OFFICE}">{empty}{versions}{provider}</SignatureInfoV1>'
        "</SignatureProperty></SignatureProperties></Object>"
    )


def _signed_properties(certificate: Certificate, stamp: str) -> str:
    issuer = escape(certificate.issuer.rfc4514_string().replace(",", ", "))
    return (
        f'<xd:SignedProperties xmlns="{DSIG}" xmlns:xd="{XADES}" Id="idSignedProperties"><xd:SignedSignatureProperties>'
        f"<xd:SigningTime>{stamp}</xd:SigningTime><xd:SigningCertificate><xd:Cert><xd:CertDigest>{METHOD}"
        f"<DigestValue>{digest(_der_bytes(certificate))}</DigestValue></xd:CertDigest><xd:IssuerSerial>"
        f"<X509IssuerName>{issuer}</X509IssuerName><X509SerialNumber>{certificate.serial_number}</X509SerialNumber>"
        "</xd:IssuerSerial></xd:Cert></xd:SigningCertificate><xd:SignaturePolicyIdentifier><xd:SignaturePolicyImplied/>"
        "</xd:SignaturePolicyIdentifier></xd:SignedSignatureProperties></xd:SignedProperties>"
    )


def _der_bytes(certificate: Certificate) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)


def _der(certificate: Certificate) -> str:
    return b64encode(_der_bytes(certificate)).decode()


def _origin(package: Package) -> dict[str, bytes]:
    """The parts that announce signatures: the empty origin, its content types, the package's relationship to it."""
    types = parse(package.parts[TYPES])
    types.insert(0, types.makeelement(f"{TYPES_NS}Default", {"Extension": "sigs", "ContentType": ORIGIN_TYPE}))
    relations = parse(package.parts["_rels/.rels"])
    taken = {relation.get("Id") for relation in relations}
    fresh = next(name for name in (f"rId{number}" for number in range(1, 1000)) if name not in taken)
    relation = {"Id": fresh, "Type": ORIGIN_RELATION, "Target": ORIGIN}
    relations.append(relations.makeelement(f"{RELATIONS_NS}Relationship", relation))
    return {ORIGIN: b"", TYPES: _serialised(types), "_rels/.rels": _serialised(relations)}


def _with_override(types: bytes, name: str) -> bytes:
    root = parse(types)
    root.append(root.makeelement(f"{TYPES_NS}Override", {"PartName": f"/{name}", "ContentType": SIGNATURE_TYPE}))
    return _serialised(root)


def _with_signature(package: Package, number: int) -> bytes:
    """The origin's relationships; the target must be relative (LibreOffice sees no signature otherwise)."""
    empty = f'<Relationships xmlns="{RELATIONS_NS.strip("{}")}"/>'.encode()
    root = parse(package.parts.get(f"{SIGNATURES}_rels/origin.sigs.rels", empty))
    relation = {"Id": f"rId{number}", "Type": SIGNATURE_RELATION, "Target": f"sig{number}.xml"}
    root.append(root.makeelement(f"{RELATIONS_NS}Relationship", relation))
    return _serialised(root)


def _serialised(root: object) -> bytes:
    from lxml import etree

    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True))  # type: ignore[call-overload]
