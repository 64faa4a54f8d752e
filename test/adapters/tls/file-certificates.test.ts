import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { CertificatePair } from '../../../src/adapters/tls/certificate-pair.ts';
import { FileCertificates } from '../../../src/adapters/tls/file-certificates.ts';
import type { KeyedCertificate } from '../../../src/adapters/tls/make-certificates.ts';
import { logInMemory } from '../../support/log-in-memory.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { until } from '../kubernetes/until.ts';
import { authority, serving } from './made-certificates.ts';

let folder: string;
let signer: KeyedCertificate;

beforeEach(async () => {
  folder = await temporaryFolder();
  signer = await authority();
});

async function write({ certificate, key }: KeyedCertificate, into = folder): Promise<void> {
  await writeFile(join(into, 'tls.key'), key);
  await writeFile(join(into, 'tls.crt'), certificate);
}

async function start(date = () => new Date()) {
  const { log, all } = logInMemory();
  const source = new FileCertificates({ folder, log, lookMs: 1, date });
  onTestFinished(() => source.stop());
  const served: CertificatePair[] = [];
  await source.start((pair) => served.push(pair));
  return { served: () => served.map(({ certificate }) => certificate), all, source };
}

describe('certificates in files', () => {
  it('are there when it begins, and are read again when they change', async () => {
    const [first, second] = [await serving(signer), await serving(signer)];
    await write(first);
    const { served, all } = await start();
    expect(served()).toEqual([first.certificate]);
    await write(second);
    await until(() => expect(served()).toEqual([first.certificate, second.certificate]));
    await until(() => expect(all.at(-1)).toMatchObject({ msg: 'serving another certificate' }));
    expect(JSON.stringify(all)).not.toContain('PRIVATE');
  });

  it('are read again when the link to a mounted Secret is switched', async () => {
    const [first, second] = [await serving(signer), await serving(signer)];
    for (const [name, pair] of [
      ['..first', first],
      ['..second', second],
    ] as const) {
      await mkdir(join(folder, name));
      await write(pair, join(folder, name));
    }
    await symlink('..first', join(folder, '..data'));
    for (const name of ['tls.crt', 'tls.key']) {
      await symlink(join('..data', name), join(folder, name));
    }
    const { served } = await start();
    await symlink('..second', join(folder, '..data.new'));
    await rename(join(folder, '..data.new'), join(folder, '..data'));
    await until(() => expect(served()).toEqual([first.certificate, second.certificate]));
  });

  it('that cannot be used leave the one before in use, until there is a good one', async () => {
    const [first, second] = [await serving(signer), await serving(signer)];
    await write(first);
    const { served, all } = await start();
    const problems = (): unknown[] => all.map(({ problem }) => problem).filter(Boolean);
    await rm(join(folder, 'tls.key'));
    await until(() => expect(problems().at(-1)).toContain('tls.key cannot be read (ENOENT)'));
    await writeFile(join(folder, 'tls.key'), second.key);
    await until(() => expect(problems().at(-1)).toContain('tls.key is not the key of'));
    const old = await serving(signer, ['localhost'], Date.now() - 100_000, 50_000);
    await write(old);
    await until(() => expect(problems().at(-1)).toContain('tls.crt expired on'));
    expect(all.at(-1)).toMatchObject({
      level: 'error',
      msg: 'certificate cannot be used; the one before stays until it expires',
      expiresAt: expect.any(String),
    });
    expect(served()).toEqual([first.certificate]);
    await write(second);
    await until(() => expect(served()).toEqual([first.certificate, second.certificate]));
    expect(JSON.stringify(all)).not.toContain('PRIVATE');
  });

  it('are taken when they can be used at last, also when no file has changed', async () => {
    const aheadMs = 10 * 60_000;
    let nowMs = Date.now();
    const [first, second] = [
      await serving(signer),
      await serving(signer, ['localhost'], nowMs + 2 * aheadMs),
    ];
    await write(first);
    const { served, all } = await start(() => new Date(nowMs));
    await write(second);
    const told = (): unknown[] => all.filter(({ level }) => level === 'error');
    await until(() =>
      expect(all.at(-1)?.['problem']).toMatch(/tls\.crt is good only from \d{4}-.* on$/),
    );
    expect(served()).toEqual([first.certificate]);
    const before = told().length;
    nowMs += 2 * aheadMs;
    await until(() => expect(served()).toEqual([first.certificate, second.certificate]));
    // The same problem at every look is told once.
    expect(told()).toHaveLength(before);
  });

  it('that are not good yet are served where there are no others: clocks may differ', async () => {
    const early = await serving(signer, ['localhost'], Date.now() + 10 * 60_000);
    await write(early);
    const { served } = await start();
    expect(served()).toEqual([early.certificate]);
  });

  it('have to be there when it begins', async () => {
    await expect(start()).rejects.toThrow(
      `${join(folder, 'tls.crt')} cannot be read (ENOENT); set --cert-dir to the folder that has it`,
    );
  });

  it('are not served again when only their times change', async () => {
    const first = await serving(signer);
    await write(first);
    const { served, source } = await start();
    await write(first);
    const second = await serving(signer);
    await write(second);
    await until(() => expect(served()).toEqual([first.certificate, second.certificate]));
    await source.stop();
  });
});
