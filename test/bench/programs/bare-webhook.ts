import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';

/**
 * The least that an admission server in Node can do: TLS, the whole body parsed,
 * and an answer that allows. No check of anything, no patch, no metrics, no log.
 *
 * Arguments: folder of the certificate, port.
 */
const [folder = '', port = ''] = process.argv.slice(2);

const server = createServer(
  {
    key: readFileSync(join(folder, 'tls.key')),
    cert: readFileSync(join(folder, 'tls.crt')),
    minVersion: 'TLSv1.2',
    keepAliveTimeout: 120_000,
  },
  (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const review = JSON.parse(Buffer.concat(chunks).toString());
      const body = JSON.stringify({
        apiVersion: review.apiVersion,
        kind: review.kind,
        response: { uid: review.request.uid, allowed: true },
      });
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      });
      response.end(body);
    });
  },
);
server.listen(Number(port), '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
