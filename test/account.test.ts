import { homedir, userInfo } from 'node:os';
import { expect, test } from 'vitest';
import { accountName, homeFolder } from '../src/account.ts';

test('an account is called as the system calls it', () => {
  expect(accountName()).toBe(userInfo().username);
});

test('one that the system has no name for is called by its number', () => {
  const nameless = (): never => {
    throw Object.assign(new Error('uv_os_get_passwd returned ENOENT'), { code: 'ERR_SYSTEM_ERROR' });
  };
  expect(accountName(nameless)).toBe(`uid ${process.getuid!()}`);
});

test('what else goes wrong is not hidden', () => {
  const broken = (): never => {
    throw new TypeError('broken');
  };
  expect(() => accountName(broken)).toThrow('broken');
});

test('an account that the system does not know has no home folder', () => {
  const nameless = (): never => {
    throw Object.assign(new Error('uv_os_homedir returned ENOENT'), { code: 'ERR_SYSTEM_ERROR' });
  };
  expect(homeFolder()).toBe(homedir());
  expect(homeFolder(nameless)).toBeUndefined();
});
