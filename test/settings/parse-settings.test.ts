import { describe, expect, it } from 'vitest';
import { variableOf } from '../../src/settings/option.ts';
import * as options from '../../src/settings/options.ts';
import { parseSettings } from '../../src/settings/parse-settings.ts';

const table = {
  port: options.port,
  offline: options.offline,
  networkPolicy: options.networkPolicy,
  filename: options.filename,
  clusterDomain: options.clusterDomain,
  excludedNamespaces: options.excludedNamespaces,
  logLevel: options.logLevel,
  shutdownTimeout: options.shutdownTimeout,
};

function read(args: string[], environment: Record<string, string> = {}) {
  const parsed = parseSettings(table, args, environment);
  if ('problems' in parsed) throw new Error(parsed.problems.join('; '));
  return parsed.settings;
}

function problems(args: string[], environment: Record<string, string> = {}): readonly string[] {
  const parsed = parseSettings(table, args, environment);
  return 'problems' in parsed ? parsed.problems : [];
}

describe('settings', () => {
  it('have defaults', () => {
    expect(read([])).toEqual({
      port: 9443,
      offline: false,
      networkPolicy: true,
      filename: [],
      clusterDomain: 'cluster.local',
      excludedNamespaces: ['kube-system', 'kube-public', 'kube-node-lease'],
      logLevel: 'info',
      shutdownTimeout: 20,
    });
  });

  it('come from flags, in both spellings', () => {
    expect(read(['--port', '8443', '--cluster-domain=k8s.example']).port).toBe(8443);
    expect(read(['--port=8443', '--cluster-domain=k8s.example']).clusterDomain).toBe('k8s.example');
  });

  it('come from environment variables of the same names', () => {
    expect(variableOf(options.healthPort)).toBe('HEALTH_PORT');
    const settings = read([], { PORT: '8443', OFFLINE: 'true', EXCLUDED_NAMESPACES: 'a, b,' });
    expect(settings).toMatchObject({ port: 8443, offline: true, excludedNamespaces: ['a', 'b'] });
  });

  it('prefer the flag to the variable', () => {
    expect(read(['--port', '1'], { PORT: '2' }).port).toBe(1);
    expect(read(['--no-offline'], { OFFLINE: 'true' }).offline).toBe(false);
  });

  it('take an empty variable for an unset one', () => {
    expect(read([], { PORT: '', CLUSTER_DOMAIN: '' })).toMatchObject({ port: 9443 });
  });

  it('turn switches on and off', () => {
    expect(read(['--offline']).offline).toBe(true);
    expect(read(['--offline=false']).offline).toBe(false);
    expect(read(['--no-network-policy']).networkPolicy).toBe(false);
    expect(read(['--network-policy=false']).networkPolicy).toBe(false);
  });

  it('collect a list over several flags', () => {
    expect(read(['-f', 'a.yaml', '--filename=b', '-fc']).filename).toEqual(['a.yaml', 'b', 'c']);
    expect(read(['-f', '-']).filename).toEqual(['-']);
  });

  it('report every problem at once, each under the name that the user wrote', () => {
    const found = problems(
      ['--port', 'https', '--prot', '9443', '--log-level=loud', 'stray', '--offline=maybe'],
      { CLUSTER_DOMAIN: 'no domain', SHUTDOWN_TIMEOUT: '-1' },
    );
    expect(found).toEqual([
      'unknown option --prot; did you mean --port?',
      'unexpected argument "9443"',
      'unexpected argument "stray"',
      '--port: must be a port number from 0 to 65535',
      '--offline: must be true or false',
      'CLUSTER_DOMAIN: must be a DNS domain, such as cluster.local',
      '--log-level: must be one of trace, debug, info, warn, error, fatal, silent',
      'SHUTDOWN_TIMEOUT: must be a number of seconds from 0 to 3600',
    ]);
  });

  it.each(['70000', '-1', '1.5', '0x10', 'port', '99999'])('refuse %s as a port', (text) => {
    expect(problems([`--port=${text}`])).toEqual(['--port: must be a port number from 0 to 65535']);
  });

  it('refuse an option without its value', () => {
    expect(problems(['--port'])).toEqual(['--port: needs a value PORT']);
    expect(problems(['--port='])).toEqual(['--port: needs a value PORT']);
  });

  it('refuse a value for a switch that is turned off by its name', () => {
    expect(problems(['--no-offline=true'])).toEqual([
      '--no-offline: takes no value; write --offline=true',
    ]);
  });

  it('refuse a namespace that cannot be one', () => {
    expect(problems(['--excluded-namespaces', 'Kube_System'])).toEqual([
      '--excluded-namespaces: must be names of namespaces',
    ]);
  });
});

describe('settings of the controller', () => {
  const controller = {
    leaderElect: options.leaderElect,
    leaseName: options.leaseName,
    leaseNamespace: options.leaseNamespace,
    concurrency: options.concurrency,
    repairMissedPods: options.repairMissedPods,
    repairRate: options.repairRate,
  };

  it('have defaults', () => {
    expect(parseSettings(controller, [], {})).toEqual({
      settings: {
        leaderElect: true,
        leaseName: 'openfunction-dapr-webhook',
        leaseNamespace: undefined,
        concurrency: 10,
        repairMissedPods: false,
        repairRate: 20,
      },
    });
  });

  it('refuse what they cannot be', () => {
    const args = [
      '--lease-name=A',
      '--lease-namespace=a.b',
      '--concurrency=0',
      '--repair-rate=6001',
    ];
    expect(parseSettings(controller, args, {})).toEqual({
      problems: [
        '--lease-name: must be the name of a Lease',
        '--lease-namespace: must be the name of a namespace',
        '--concurrency: must be a whole number from 1 to 100',
        '--repair-rate: must be a whole number from 1 to 6000',
      ],
    });
  });
});
