import type { DaprdStandIn } from './daprd-stand-in.ts';
import { GrpcStandIn } from './grpc-stand-in.ts';
import { HttpStandIn } from './http-stand-in.ts';

/** @param port where its app listens */
export function createStandIn(
  protocol: 'grpc' | 'http',
  port: number,
  host = '127.0.0.1',
): DaprdStandIn {
  return protocol === 'grpc' ? new GrpcStandIn(port, host) : new HttpStandIn(port, host);
}
