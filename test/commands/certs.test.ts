import { X509Certificate } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { authority, serving } from '../adapters/tls/made-certificates.ts';
import { runProgram } from '../support/run-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

let folder: string;

beforeEach(async () => {
  folder = join(await temporaryFolder(), 'made', 'here');
});

const certs = () => runProgram(['certs', '--cert-dir', folder]);
const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');

describe('certs', () => {
  test('makes an authority and a certificate for local use, and a key for its owner alone', async () => {
    const { code, stdout, stderr } = await certs();
    expect([code, stderr]).toEqual([0, '']);
    const certificate = new X509Certificate(await read('tls.crt'));
    expect(stdout).toBe(
      `made ca.crt, tls.crt and tls.key in ${folder}, for localhost, 127.0.0.1, ::1; they are good until ${certificate.validToDate.toISOString()}\n`,
    );
    expect((await readdir(folder)).sort()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
    expect(certificate.verify(new X509Certificate(await read('ca.crt')).publicKey)).toBe(true);
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect((await stat(join(folder, 'tls.key'))).mode & 0o777).toBe(0o600);
    expect(await read('ca.crt')).not.toContain('PRIVATE');
  });

  test('leaves those that there are as they are', async () => {
    await certs();
    const before = await read('tls.crt');
    const { code, stdout } = await certs();
    expect(code).toBe(0);
    expect(stdout).toContain(`${folder} has ca.crt, tls.crt and tls.key already; they are good`);
    expect(await read('tls.crt')).toBe(before);
  });

  test('says what is missing or wrong, changes nothing, and ends with 1', async () => {
    await certs();
    await rm(join(folder, 'tls.key'));
    const half = await certs();
    expect([half.code, half.stdout]).toEqual([1, '']);
    expect(half.stderr).toBe(
      `certs: ${folder} has ca.crt, tls.crt but not tls.key; add what is missing, or remove what is there to have all three made\n`,
    );
    const expired = await serving(await authority(), ['localhost'], Date.now() - 100_000, 50_000);
    await writeFile(join(folder, 'tls.crt'), expired.certificate);
    await writeFile(join(folder, 'tls.key'), expired.key);
    const old = await certs();
    expect(old.code).toBe(1);
    expect(old.stderr).toMatch(/tls\.crt expired on \d{4}-.*; put a new certificate there, or/);
    expect(await read('tls.crt')).toBe(expired.certificate);
  });

  test('says what is in the way, and ends with 1', async () => {
    await mkdir(join(folder, '..'), { recursive: true });
    await writeFile(folder, 'a file');
    const { code, stderr } = await certs();
    expect(code).toBe(1);
    expect(stderr).toMatch(/^certs: .*(ENOTDIR|EEXIST)/);
    expect(stderr.split('\n')).toHaveLength(2);
  });
});
