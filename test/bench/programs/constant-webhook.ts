import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';

/**
 * A webhook that looks at nothing but the uid, which API servers want back, and
 * answers everything with one patch.
 *
 * Arguments: folder of the certificate, port, file with the patch.
 */
const [folder = '', port = '', patchFile = ''] = process.argv.slice(2);

const patch = readFileSync(patchFile).toString('base64');

const uidPattern = /"uid":"([^"]+)"/;

const server = createServer(
  {
    key: readFileSync(join(folder, 'tls.key')),
    cert: readFileSync(join(folder, 'tls.crt')),
    keepAliveTimeout: 120_000,
  },
  (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      // The request's own comes before those of the object.
      const [, uid = ''] = uidPattern.exec(Buffer.concat(chunks).toString()) ?? [];
      const answer = { uid, allowed: true, patchType: 'JSONPatch', patch };
      response.setHeader('content-type', 'application/json');
      response.end(
        JSON.stringify({
          apiVersion: 'admission.k8s.io/v1',
          kind: 'AdmissionReview',
          response: answer,
        }),
      );
    });
  },
);
server.listen(Number(port), '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
