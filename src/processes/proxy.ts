import type { AppChannelOptions } from '../adapters/app-channel/app-channel-options.ts';
import type { AppChannel } from '../proxy/app-channel.ts';

/** What daprd and the pods speak. */
export type AppProtocol = 'grpc' | 'http';

/** Each loads only its own libraries. */
export const openAppChannel: Readonly<
  Record<AppProtocol, (options: AppChannelOptions) => Promise<AppChannel>>
> = {
  grpc: async () => {
    throw new Error('APP_PROTOCOL=grpc: is being built');
  },
  http: async () => {
    throw new Error('APP_PROTOCOL=http: is being built');
  },
};
