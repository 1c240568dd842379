/* Rotates the keys of an instance with a company certificate from a file: node rotate-child.ts DATA COMPANY. */
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { openInstance, rotateKeys } from '../../src/instance/index.ts';

const [data, file] = process.argv.slice(2);
const { chain, key } = JSON.parse(readFileSync(file!, 'utf8')) as { chain: string[]; key: string };
const company = { chain: chain.map((der) => Buffer.from(der, 'hex')), privateKey: createPrivateKey(key) };
using instance = await openInstance(data!);
rotateKeys(instance, { company });
