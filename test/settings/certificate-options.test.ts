import { describe, expect, it } from 'vitest';
import {
  certificateOptions,
  certificateSettingsOf,
} from '../../src/settings/certificate-options.ts';
import { clusterDomain } from '../../src/settings/options-of-proxies.ts';
import { parseSettings } from '../../src/settings/parse-settings.ts';

const table = { ...certificateOptions, clusterDomain };
const dayMs = 24 * 60 * 60 * 1000;

function settings(args: readonly string[], isOffline = false) {
  const parsed = parseSettings(table, args, {});
  if ('problems' in parsed) throw new Error(parsed.problems.join());
  return certificateSettingsOf(parsed.settings, isOffline);
}

const secret = {
  kind: 'secret',
  secretName: 'openfunction-dapr-webhook-certificates',
  serviceName: 'openfunction-dapr-webhook',
  namespace: undefined,
  clusterDomain: 'cluster.local',
  otherHosts: [],
  lifetimes: { caMs: 365 * dayMs, servingMs: 30 * dayMs },
};

describe('certificates come', () => {
  it('from a Secret, unless something asks for files', () => {
    expect(settings([])).toEqual({ settings: secret });
  });

  it('from the files of a folder that is named', () => {
    expect(settings(['--cert-dir', '/certs'])).toEqual({
      settings: { kind: 'files', folder: '/certs' },
    });
  });

  it('from files that are made, without a cluster', () => {
    expect(settings([], true)).toEqual({ settings: { kind: 'files', folder: 'certs' } });
    expect(settings(['--certificates', 'files', '--cert-dir', 'x'], true)).toEqual({
      settings: { kind: 'files', folder: 'x' },
    });
  });

  it('from where they are asked for by name, whatever else is set', () => {
    // As when a settings file names a folder.
    expect(settings(['--certificates', 'secret', '--cert-dir', '/certs'])).toEqual({
      settings: secret,
    });
  });

  it('as they are asked for', () => {
    const args = [
      ...[
        '--certificate-secret',
        'tls',
        '--service-name',
        'webhook',
        '--service-namespace',
        'ours',
      ],
      ...['--certificate-hosts', '127.0.0.1,localhost', '--cluster-domain', 'k8s.example'],
      ...['--certificate-lifetime', '90s', '--ca-lifetime', '8760h'],
    ];
    expect(settings(args)).toEqual({
      settings: {
        kind: 'secret',
        secretName: 'tls',
        serviceName: 'webhook',
        namespace: 'ours',
        clusterDomain: 'k8s.example',
        otherHosts: ['127.0.0.1', 'localhost'],
        lifetimes: { caMs: 365 * dayMs, servingMs: 90_000 },
      },
    });
  });
});

describe('what contradicts itself', () => {
  it.each([
    [['--certificates', 'files'], false, '--certificates files needs --cert-dir'],
    [['--certificates', 'secret'], true, '--certificates secret needs a cluster'],
  ])('%j is a problem', (args, isOffline, problem) => {
    expect(settings(args, isOffline)).toEqual({ problem: expect.stringContaining(problem) });
  });

  it('is a certificate that lives as long as its CA, or longer', () => {
    const parsed = parseSettings(table, ['--ca-lifetime', '30d'], {});
    expect(parsed).toEqual({
      problems: [
        '--certificate-lifetime: 30d is not shorter than the lifetime of the CA, 30d (--ca-lifetime)',
      ],
    });
  });
});
