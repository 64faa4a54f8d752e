import { Agent, request } from 'node:http';
import { connect } from 'node:http2';
import { topicEventGrpc, topicEventHttp, topicMethod } from '../events.ts';

/** Sends the events of the benches, one by one, over connections that are kept. */
export interface EventSender {
  /**
   * @param answered called with the whole answer, which says that all went well
   * @throws out of the event loop when an answer says anything else
   */
  send(answered: () => void): void;
  close(): void;
}

/** Posts to a URL, over as many as 64 connections. */
export function httpSender(url: string): EventSender {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const headers = {
    'content-type': 'application/cloudevents+json',
    'content-length': Buffer.byteLength(topicEventHttp),
  };
  return {
    send(answered) {
      const posted = request(url, { method: 'POST', agent, headers }, (response) => {
        if (response.statusCode !== 200) throw new Error(`answered with ${response.statusCode}`);
        response.resume().once('end', answered);
      });
      posted.end(topicEventHttp);
    },
    close: () => agent.destroy(),
  };
}

/** Calls OnTopicEvent, all on one connection: as daprd does it. */
export function grpcSender(url: string): EventSender {
  const session = connect(url);
  const headers = {
    ':method': 'POST',
    ':path': topicMethod,
    'content-type': 'application/grpc',
    te: 'trailers',
  };
  return {
    send(answered) {
      const stream = session.request(headers);
      let status: unknown;
      // An answer without a message has its status among the headers.
      stream.once('response', (response) => {
        status = response['grpc-status'];
      });
      stream.once('trailers', (trailers) => {
        status = trailers['grpc-status'];
      });
      stream.resume().once('close', () => {
        if (String(status) !== '0') throw new Error(`answered with grpc-status ${status}`);
        answered();
      });
      stream.end(topicEventGrpc);
    },
    close: () => session.close(),
  };
}
