import { createServer } from 'node:http2';

/**
 * A far end over gRPC that reads each call whole, whatever its size, before it answers
 * with an empty message. Slower than nginx, which answers at once, and stops whoever is
 * still sending.
 *
 * Arguments: the ports.
 */
const answer = Buffer.alloc(5);
const settings = { initialWindowSize: 1 << 20, maxConcurrentStreams: 1024 };

for (const port of process.argv.slice(2)) {
  const server = createServer({ settings });
  server.on('session', (session) => session.setLocalWindowSize(1 << 24));
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    stream.resume().once('end', () => {
      // What was under way when a load ended has nobody to answer to.
      if (stream.closed || stream.destroyed) return;
      stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(answer);
    });
  });
  server.listen(Number(port), '127.0.0.1');
}
process.once('SIGTERM', () => process.exit(0));
