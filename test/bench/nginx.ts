import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MeasuredProcess } from './measured-process.ts';
import { accepts } from './processes.ts';
import type { Tools } from './tools.ts';

/** More than any run asks on one connection, so that none is closed in between. */
const manyRequests = 1_000_000_000;

export interface NginxOptions {
  readonly folder: string;
  readonly core: number;
  readonly port: number;
  /** Directives of `http`. */
  readonly http: string;
}

/** One nginx worker as a process of its own: it does what it is compared for, and keeps no log. */
export async function startNginx(
  tools: Tools,
  { folder, core, port, http }: NginxOptions,
): Promise<MeasuredProcess> {
  const prefix = join(folder, `nginx-${port}`);
  await mkdir(prefix, { recursive: true });
  const bodies = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const paths = bodies.map((name) => `${name}_temp_path ${join(prefix, name)};`);
  await writeFile(
    join(prefix, 'nginx.conf'),
    `
pid ${join(prefix, 'nginx.pid')};
error_log stderr error;
daemon off;
master_process off;
worker_rlimit_nofile 8192;
events { worker_connections 4096; }
http {
  ${paths.join('\n  ')}
  access_log off;
  keepalive_requests ${manyRequests};
  keepalive_timeout 3600s;
  client_body_buffer_size 1m;
  client_max_body_size 16m;
  ${http}
}
`,
  );
  const command = [tools.nginx ?? 'nginx', '-p', prefix, '-c', join(prefix, 'nginx.conf')];
  const started = new MeasuredProcess(tools, [...command, '-e', 'stderr'], { core });
  await started.until(() => accepts(port));
  return started;
}

/** In front of upstreams, with connections that are kept. */
export function reverseProxy(
  port: number,
  upstreams: readonly number[],
  protocol: 'http' | 'grpc',
): string {
  const servers = upstreams.map((upstream) => `server 127.0.0.1:${upstream};`).join(' ');
  const pods = `upstream pods { ${servers} keepalive 512; keepalive_requests ${manyRequests}; }`;
  return protocol === 'http'
    ? `${pods}
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://pods; proxy_http_version 1.1; proxy_set_header Connection ""; }
  }`
    : `${pods}
  server {
    listen 127.0.0.1:${port} http2;
    http2_max_concurrent_streams 1024;
    location / { grpc_pass grpc://pods; }
  }`;
}

/** The far end over HTTP: takes everything, and says which topic it has at which path. */
export function httpPod(
  ports: readonly number[],
  topic: { pubsub: string; topic: string },
): string {
  const subscriptions = JSON.stringify([
    { pubsubname: topic.pubsub, topic: topic.topic, route: '/events' },
  ]);
  return `server {
    ${ports.map((port) => `listen 127.0.0.1:${port};`).join(' ')}
    default_type application/json;
    location = /dapr/subscribe { return 200 '${subscriptions}'; }
    location / { return 200 '{"status":"SUCCESS"}'; }
  }`;
}

/**
 * The far end over gRPC: answers every call with an empty message and `grpc-status: 0`.
 * nginx gives a file to GET alone; the error that POST makes is turned into it.
 *
 * @param root folder with the file `answer`, five zero bytes
 */
export function grpcPod(ports: readonly number[], root: string): string {
  return `server {
    ${ports.map((port) => `listen 127.0.0.1:${port} http2;`).join(' ')}
    http2_max_concurrent_streams 1024;
    root ${root};
    default_type application/grpc;
    open_file_cache max=10 inactive=1h;
    location / { error_page 405 =200 /answer; try_files /answer =404; add_trailer grpc-status 0; }
  }`;
}
