import type { DaprdStandIn } from './daprd-stand-in.ts';
import { GrpcStandIn } from './grpc-stand-in.ts';
import { HttpStandIn } from './http-stand-in.ts';

/** @param port where its app listens */
export function createStandIn(protocol: 'grpc' | 'http', port: number): DaprdStandIn {
  return protocol === 'grpc' ? new GrpcStandIn(port) : new HttpStandIn(port);
}
