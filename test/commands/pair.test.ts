import { describe, expect, test } from 'vitest';
import {
  acceptInvitation,
  confirm,
  invite,
  removeLink,
  takeReply,
  type KnownLink,
} from '../../src/commands/index.ts';
import { codeOf, refusal } from '../support/refusal.ts';
import { dataOf, decided, digest, id } from './decided.ts';

const transport = { kind: 'folder', folder: '/srv/exchange' } as const;
const introduction = new Uint8Array([1, 2, 3]);
const peer = { instanceId: id('b'), introduction };
const known = (wish: Partial<KnownLink> = {}): KnownLink => ({
  link: id('a'),
  name: 'contoso',
  state: 'invited',
  peer: null,
  ...wish,
});

describe('an invitation', () => {
  const asked = { link: id('a'), name: 'contoso', transport };

  test('is recorded at home and told to nobody', () => {
    const decision = invite([], asked);
    expect(decided(decision)).toEqual(['self link.invited']);
    expect(dataOf(decision, 'link.invited')).toEqual(asked);
  });

  test.each(['invited', 'pending', 'confirmed'] as const)(
    'under a name that is taken (%s) is refused',
    (state) => {
      const error = refusal(() => invite([known({ link: id('c'), state })], asked));
      expect(codeOf(error)).toBe('LINK_NAME_TAKEN misused');
      expect(error.details).toMatchObject({ link: id('c'), state });
    },
  );

  test('may have the name of a link that was removed', () => {
    expect(decided(invite([known({ link: id('c'), state: 'removed' })], asked))).toEqual([
      'self link.invited',
    ]);
  });
});

describe('accepting an invitation', () => {
  const asked = { link: id('a'), name: 'acme', transport, peer };

  test('keeps who made it, to be confirmed later', () => {
    const decision = acceptInvitation([], asked);
    expect(decided(decision)).toEqual(['self link.accepted']);
    expect(dataOf(decision, 'link.accepted')).toMatchObject({ peer: id('b'), introduction });
  });

  test.each(['pending', 'confirmed'] as const)('a second time changes nothing (%s)', (state) => {
    expect(acceptInvitation([known({ state, peer: id('b') })], asked)).toEqual([]);
  });

  test('that another instance answered is refused', () => {
    const error = refusal(() => acceptInvitation([known({ state: 'pending', peer: id('e') })], asked));
    expect(codeOf(error)).toBe('LINK_ALREADY_PAIRED refused');
  });

  test('that was removed is refused, also from the same instance', () => {
    const error = refusal(() => acceptInvitation([known({ state: 'removed', peer: id('b') })], asked));
    expect(codeOf(error)).toBe('LINK_ALREADY_PAIRED refused');
  });

  test('that this side made itself is refused', () => {
    const error = refusal(() => acceptInvitation([known({ state: 'invited' })], asked));
    expect(codeOf(error)).toBe('LINK_ALREADY_PAIRED refused');
  });

  test('under a taken name is refused', () => {
    const error = refusal(() => acceptInvitation([known({ link: id('c'), name: 'acme' })], asked));
    expect(codeOf(error)).toBe('LINK_NAME_TAKEN misused');
  });
});

describe('a reply', () => {
  const asked = { link: id('a'), peer };

  test('is taken for the invitation it answers', () => {
    const { decision, known: found } = takeReply([known()], asked);
    expect(decided(decision)).toEqual(['self link.answered']);
    expect(found.name).toBe('contoso');
  });

  test.each(['pending', 'confirmed'] as const)('that was taken already changes nothing (%s)', (state) => {
    expect(takeReply([known({ state, peer: id('b') })], asked).decision).toEqual([]);
  });

  describe('with a credential for our NATS server', () => {
    const nkey = `U${'A'.repeat(55)}`;
    const before = { peer: id('b'), introduction: peer.introduction };

    test('records it', () => {
      const { decision } = takeReply([known()], { ...asked, nkey });
      expect(dataOf(decision, 'link.answered')).toMatchObject({ nkey });
      expect(dataOf(takeReply([known()], asked).decision, 'link.answered')).not.toHaveProperty('nkey');
    });

    test('that was recorded already changes nothing, nor does one without', () => {
      const there = known({ ...before, state: 'confirmed', nkey });
      expect(takeReply([there], { ...asked, nkey }).decision).toEqual([]);
      expect(takeReply([there], asked).decision).toEqual([]);
    });

    test('that is another than before counts once the words were compared again', () => {
      const there = known({ ...before, state: 'confirmed', nkey: `U${'B'.repeat(55)}` });
      const { decision, known: found } = takeReply([there], { ...asked, nkey });
      expect(dataOf(decision, 'link.answered')).toMatchObject({ nkey, introduction: peer.introduction });
      expect(decided(confirm(found, 'f'.repeat(64)))).toEqual(['self link.confirmed']);
    });

    test('with another introduction than before changes nothing', () => {
      const there = known({ ...before, state: 'confirmed', introduction: Buffer.from('another') });
      expect(takeReply([there], { ...asked, nkey }).decision).toEqual([]);
    });
  });

  test('to an invitation that was not made here is refused', () => {
    expect(codeOf(refusal(() => takeReply([known({ link: id('c') })], asked)))).toBe('LINK_UNKNOWN misused');
  });

  test('of a second instance to the same invitation is refused', () => {
    const error = refusal(() => takeReply([known({ state: 'pending', peer: id('e') })], asked));
    expect(codeOf(error)).toBe('LINK_ALREADY_PAIRED refused');
    expect(error.details).toMatchObject({ peer: id('e') });
  });

  test('to a link that was removed is refused', () => {
    const error = refusal(() => takeReply([known({ state: 'removed', peer: id('b') })], asked));
    expect(codeOf(error)).toBe('LINK_ALREADY_PAIRED refused');
    expect(error.message).toMatch(/: it was removed$/);
  });
});

describe('the end of a pairing and its confirmation', () => {
  test('a pending link is confirmed with the certificate that a person compared', () => {
    const decision = confirm(known({ state: 'pending', peer: id('b') }), digest('f'));
    expect(dataOf(decision, 'link.confirmed')).toEqual({ link: id('a'), fingerprint: digest('f') });
  });

  test('a confirmed link stays confirmed with what was compared first', () => {
    expect(confirm(known({ state: 'confirmed', peer: id('b') }), digest('e'))).toEqual([]);
  });

  test('a link that was removed meanwhile is not confirmed', () => {
    const error = refusal(() => confirm(known({ state: 'removed', peer: id('b') }), digest('f')));
    expect(codeOf(error)).toBe('LINK_ALREADY_PAIRED refused');
  });

  test('a link is removed once', () => {
    expect(decided(removeLink(known({ state: 'confirmed' })))).toEqual(['self link.removed']);
    expect(removeLink(known({ state: 'removed' }))).toEqual([]);
  });
});
