import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';

/** Addresses; a name that there is not; a failure; or no answer at all. */
export type NameServerAnswer = readonly string[] | 'NXDOMAIN' | 'SERVFAIL' | 'silence';

/** RFC 1035, section 4.1; AAAA is RFC 3596's. */
const types = { 1: 'A', 28: 'AAAA' } as const;
const responseCodes = { SERVFAIL: 2, NXDOMAIN: 3 } as const;
const headerBytes = 12;
/** A response, that recursion is wanted, and that it is available. */
const responseFlags = 0x8180;
/** Where the name stands that was asked for. */
const nameOfQuestion = 0xc00c;
const internet = 1;

/** A name server on loopback that knows one name, whatever it is called, and says what a test wants. */
export class NameServer {
  answer: NameServerAnswer = [];
  /** What it says of one type of records instead. */
  answerByType: { readonly A?: NameServerAnswer; readonly AAAA?: NameServerAnswer } = {};
  ttlSeconds = 1;
  /** How often it was asked. */
  questions = 0;
  readonly #socket: Socket = createSocket('udp4');

  static async start(): Promise<NameServer> {
    const server = new NameServer();
    server.#socket.on('message', (question, { port, address }) => {
      const response = server.#respond(question);
      if (response !== undefined) server.#socket.send(response, port, address);
    });
    server.#socket.bind(0, '127.0.0.1');
    await once(server.#socket, 'listening');
    return server;
  }

  /** `address:port` */
  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`;
  }

  stop(): void {
    this.#socket.close();
  }

  #respond(question: Buffer): Buffer | undefined {
    this.questions += 1;
    const end = endOfQuestion(question);
    const asked = question.readUInt16BE(end - 4);
    const type = types[asked as keyof typeof types];
    const answer = this.answerByType[type] ?? this.answer;
    if (answer === 'silence') return undefined;
    const records =
      typeof answer === 'string'
        ? []
        : answer
            .filter((address) => (type === 'AAAA') === isIPv6(address))
            .map((address) => this.#record(asked, address));
    const code = typeof answer === 'string' ? responseCodes[answer] : 0;
    const header = Buffer.from(question.subarray(0, headerBytes));
    header.writeUInt16BE(responseFlags | code, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    // Neither authorities nor what the question had beside itself.
    header.writeUInt32BE(0, 8);
    return Buffer.concat([header, question.subarray(headerBytes, end), ...records]);
  }

  #record(type: number, address: string): Buffer {
    const data = isIPv6(address)
      ? bytesOfIPv6(address)
      : Buffer.from(address.split('.').map(Number));
    const fixed = Buffer.alloc(12);
    fixed.writeUInt16BE(nameOfQuestion, 0);
    fixed.writeUInt16BE(type, 2);
    fixed.writeUInt16BE(internet, 4);
    fixed.writeUInt32BE(this.ttlSeconds, 6);
    fixed.writeUInt16BE(data.length, 10);
    return Buffer.concat([fixed, data]);
  }
}

/** After the name, which ends with an empty label, come type and class. */
function endOfQuestion(question: Buffer): number {
  let at = headerBytes;
  while (question.readUInt8(at) !== 0) at += question.readUInt8(at) + 1;
  return at + 5;
}

function bytesOfIPv6(address: string): Buffer {
  const [left = '', right = ''] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':'));
  const zeros = Array(8 - groups(left).length - groups(right).length).fill('0');
  const bytes = Buffer.alloc(16);
  for (const [index, group] of [...groups(left), ...zeros, ...groups(right)].entries()) {
    bytes.writeUInt16BE(Number.parseInt(group, 16), index * 2);
  }
  return bytes;
}
