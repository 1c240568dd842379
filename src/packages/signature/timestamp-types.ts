/** What is asked of a time stamp authority, and what it answers (RFC 3161). */
import { AsnPropTypes, AsnIntegerArrayBufferConverter } from '@peculiar/asn1-schema';
import { fields, MessageImprint } from './cms-types.ts';

export class TimeStampRequest {
  version = 1;
  messageImprint = new MessageImprint();
  reqPolicy?: string;
  nonce?: ArrayBuffer;
  certReq = false;
}
fields(TimeStampRequest, {
  version: { type: AsnPropTypes.Integer },
  messageImprint: { type: MessageImprint },
  reqPolicy: { type: AsnPropTypes.ObjectIdentifier, optional: true },
  nonce: { type: AsnPropTypes.Integer, converter: AsnIntegerArrayBufferConverter, optional: true },
  certReq: { type: AsnPropTypes.Boolean, defaultValue: false },
});

/** The first part of an answer; behind it stands the token, where there is one. */
export class AnswerStatus {
  status = 0;
  statusString?: string[];
  failInfo?: ArrayBuffer;
}
fields(AnswerStatus, {
  status: { type: AsnPropTypes.Integer },
  statusString: { type: AsnPropTypes.Utf8String, repeated: 'sequence', optional: true },
  failInfo: { type: AsnPropTypes.BitString, optional: true },
});

const failures: Readonly<Record<number, string>> = {
  0: 'it does not know the algorithm',
  2: 'it does not allow the request',
  5: 'the request was not in the form it expects',
  14: 'its source of time is not available',
  15: 'it does not know the policy',
  16: 'it does not know an extension',
  17: 'it can not tell what was asked for',
  25: 'it failed itself',
};

/** Why an authority gave no time stamp, as far as it says so. */
export function whyRefused({ status, statusString, failInfo }: AnswerStatus): string {
  const bits = Buffer.from(failInfo ?? new ArrayBuffer(0));
  const reasons = Object.entries(failures)
    .filter(([bit]) => ((bits[Number(bit) >> 3] ?? 0) & (0x80 >> (Number(bit) & 7))) !== 0)
    .map(([, reason]) => reason);
  return [`it refused (status ${status})`, ...reasons, ...(statusString ?? [])].join(': ');
}
