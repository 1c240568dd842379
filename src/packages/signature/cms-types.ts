/**
 * The ASN.1 types of package signatures that the CMS library does not bring: ESS signing certificates (RFC 5035),
 * commitment types (RFC 5126) and time stamps (RFC 3161).
 */
import {
  AsnArray,
  AsnIntegerArrayBufferConverter,
  AsnProp,
  AsnPropTypes,
  AsnType,
  AsnTypeTypes,
  OctetString,
} from '@peculiar/asn1-schema';
import { Attribute } from '@peculiar/asn1-cms';
import { AlgorithmIdentifier, Extension, GeneralName } from '@peculiar/asn1-x509';

type Field = Parameters<typeof AsnProp>[0];
type Empty = new () => object;

/** Describes the fields of a type in the order in which they are encoded. */
export function fields(type: Empty, described: Record<string, Field>): void {
  for (const [name, field] of Object.entries(described)) AsnProp(field)(type.prototype as object, name);
}

/** The signed attributes as they are signed: a SET OF, not the tagged field they are carried in. */
export class SignedAttributes extends AsnArray<Attribute> {}
AsnType({ type: AsnTypeTypes.Set, itemType: Attribute })(SignedAttributes);

/** An object identifier or an IA5 string on its own, as the value of an attribute. */
export class BareValue {
  oid?: string;
  ia5?: string;
}
fields(BareValue, {
  oid: { type: AsnPropTypes.ObjectIdentifier },
  ia5: { type: AsnPropTypes.IA5String },
});
AsnType({ type: AsnTypeTypes.Choice })(BareValue);

/** Who owns the package in the repository that signed it. */
export class PackageOwners extends AsnArray<string> {}
AsnType({ type: AsnTypeTypes.Sequence, itemType: AsnPropTypes.Utf8String })(PackageOwners);

export class IssuerSerial {
  issuer: GeneralName[] = [];
  serialNumber = new ArrayBuffer(0);
}
fields(IssuerSerial, {
  issuer: { type: GeneralName, repeated: 'sequence' },
  serialNumber: { type: AsnPropTypes.Integer, converter: AsnIntegerArrayBufferConverter },
});

/** The hash algorithm is SHA-256 where it is left out, and NuGet's client never leaves it out. */
export class EssCertIdV2 {
  hashAlgorithm?: AlgorithmIdentifier;
  certHash = new OctetString();
  issuerSerial?: IssuerSerial;
}
fields(EssCertIdV2, {
  hashAlgorithm: { type: AlgorithmIdentifier, optional: true },
  certHash: { type: OctetString },
  issuerSerial: { type: IssuerSerial, optional: true },
});

export class SigningCertificateV2 {
  certs: EssCertIdV2[] = [];
  policies?: ArrayBuffer[];
}
fields(SigningCertificateV2, {
  certs: { type: EssCertIdV2, repeated: 'sequence' },
  policies: { type: AsnPropTypes.Any, repeated: 'sequence', optional: true },
});

/** The older form, with SHA-1; only time stamps still have it. */
export class EssCertId {
  certHash = new OctetString();
  issuerSerial?: IssuerSerial;
}
fields(EssCertId, {
  certHash: { type: OctetString },
  issuerSerial: { type: IssuerSerial, optional: true },
});

export class SigningCertificate {
  certs: EssCertId[] = [];
  policies?: ArrayBuffer[];
}
fields(SigningCertificate, {
  certs: { type: EssCertId, repeated: 'sequence' },
  policies: { type: AsnPropTypes.Any, repeated: 'sequence', optional: true },
});

export class CommitmentTypeIndication {
  commitmentTypeId = '';
  qualifiers?: ArrayBuffer[];
}
fields(CommitmentTypeIndication, {
  commitmentTypeId: { type: AsnPropTypes.ObjectIdentifier },
  qualifiers: { type: AsnPropTypes.Any, repeated: 'sequence', optional: true },
});

export class MessageImprint {
  hashAlgorithm = new AlgorithmIdentifier();
  hashedMessage = new OctetString();
}
fields(MessageImprint, {
  hashAlgorithm: { type: AlgorithmIdentifier },
  hashedMessage: { type: OctetString },
});

/** How far from the truth a time stamp may be; a part that is left out is 0. */
export class Accuracy {
  seconds?: number;
  millis?: number;
  micros?: number;
}
fields(Accuracy, {
  seconds: { type: AsnPropTypes.Integer, optional: true },
  millis: { type: AsnPropTypes.Integer, context: 0, implicit: true, optional: true },
  micros: { type: AsnPropTypes.Integer, context: 1, implicit: true, optional: true },
});

export class TstInfo {
  version = 0;
  policy = '';
  messageImprint = new MessageImprint();
  serialNumber = new ArrayBuffer(0);
  genTime = new Date(0);
  accuracy?: Accuracy;
  ordering?: boolean;
  nonce?: ArrayBuffer;
  tsa?: GeneralName;
  extensions?: Extension[];
}
fields(TstInfo, {
  version: { type: AsnPropTypes.Integer },
  policy: { type: AsnPropTypes.ObjectIdentifier },
  messageImprint: { type: MessageImprint },
  serialNumber: { type: AsnPropTypes.Integer, converter: AsnIntegerArrayBufferConverter },
  genTime: { type: AsnPropTypes.GeneralizedTime },
  accuracy: { type: Accuracy, optional: true },
  ordering: { type: AsnPropTypes.Boolean, optional: true },
  nonce: { type: AsnPropTypes.Integer, converter: AsnIntegerArrayBufferConverter, optional: true },
  tsa: { type: GeneralName, context: 0, optional: true },
  extensions: { type: Extension, context: 1, implicit: true, repeated: 'sequence', optional: true },
});
