/**
 * As much of Protocol Buffers' wire format as the proxy needs to answer daprd's questions
 * and to look into messages that it passes on as they are
 * (protobuf.dev/programming-guides/encoding).
 */

const varint = 0;
const fixed64 = 1;
const lengthDelimited = 2;
const fixed32 = 5;

/** A string or message field. */
export function encodeField(field: number, content: string | Buffer): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return Buffer.concat([
    encodeVarint(field * 8 + lengthDelimited),
    encodeVarint(bytes.length),
    bytes,
  ]);
}

function encodeVarint(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  for (; left > 127; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return Buffer.from([...bytes, left]);
}

/** Walks over the fields of a message, without copying any of them. */
export class FieldReader {
  /** Number of the field that `next` came to. */
  field = 0;
  /** Its value, if it is an integer. */
  integer = 0;
  /** Where its content begins and ends, if it is a string, bytes or a message. */
  start = 0;
  end = 0;
  readonly #message: Buffer;
  readonly #limit: number;
  #position: number;

  /** Reads from `start` up to, without, `limit`. */
  constructor(message: Buffer, start = 0, limit = message.length) {
    this.#message = message;
    this.#position = start;
    this.#limit = limit;
  }

  /** Comes to the next field. @returns false at the end, or where there is no field to read */
  next(): boolean {
    if (this.#position >= this.#limit) return false;
    const tag = this.#readVarint();
    this.field = Math.floor(tag / 8);
    this.integer = 0;
    this.start = 0;
    this.end = 0;
    switch (tag % 8) {
      case varint:
        this.integer = this.#readVarint();
        break;
      case fixed64:
        this.#position += 8;
        break;
      case lengthDelimited: {
        const length = this.#readVarint();
        this.start = this.#position;
        this.end = this.#position += length;
        break;
      }
      case fixed32:
        this.#position += 4;
        break;
      default:
        return false;
    }
    return this.#position <= this.#limit;
  }

  /** Loses precision above 2^53, which no length or status of a valid message reaches. */
  #readVarint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#message[this.#position++];
      if (byte === undefined) return Number.POSITIVE_INFINITY;
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  }
}

/** The content of a string field; of several, the last, as the format has it. Empty where there is none. */
export function readString(message: Buffer, start: number, field: number): string {
  const fields = new FieldReader(message, start);
  let [from, to] = [0, 0];
  while (fields.next()) {
    if (fields.field === field) [from, to] = [fields.start, fields.end];
  }
  return message.toString('utf8', from, to);
}
