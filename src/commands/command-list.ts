import type { Command } from './command.ts';

/** A command as the overview knows it: what it takes to run is loaded when it runs. */
export interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** Every command. Each loads only what it needs, so that none pays for another's libraries. */
export const commandList: Readonly<Record<string, CommandEntry>> = {
  serve: {
    summary: 'Webhook and controller in one process, as a cluster runs them.',
    load: async () => (await import('./serve.ts')).serveCommand as Command,
  },
  webhook: {
    summary: 'Serve the admission webhook over HTTPS.',
    load: async () => (await import('./webhook.ts')).webhookCommand as Command,
  },
  controller: {
    summary: 'Keep the Dapr proxies of a cluster.',
    load: async () => (await import('./controller.ts')).controllerCommand as Command,
  },
  proxy: {
    summary: "Bring the events that daprd delivers to a Function's pods.",
    load: async () => (await import('./proxy.ts')).proxyCommand as Command,
  },
  check: {
    summary: 'Look at an installation in a cluster, and say what is well and what is not.',
    load: async () => (await import('./check.ts')).checkCommand as Command,
  },
  'remove-proxies': {
    summary: 'Delete what the controller made for Functions; for an uninstall.',
    load: async () => (await import('./remove-proxies.ts')).removeProxiesCommand as Command,
  },
  certs: {
    summary: 'Make certificates for local use.',
    load: async () => (await import('./certs.ts')).certsCommand as Command,
  },
  preview: {
    summary: 'Show what admission and the controller make of objects, without a cluster.',
    load: async () => (await import('./preview.ts')).previewCommand as Command,
  },
  demo: {
    summary: 'Start a real server, send it the samples, show what changes in each mode.',
    load: async () => (await import('./demo.ts')).demoCommand as Command,
  },
};
