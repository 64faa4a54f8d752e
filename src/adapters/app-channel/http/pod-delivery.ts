import type {
  Attempt,
  Cancellation,
  Delivery,
  Endpoint,
  Verdict,
} from '../../../proxy/delivery.ts';
import { isSuccess } from '../../../rules/delivery/event-answer.ts';
import type { PodClient } from './pod-client.ts';
import type { PodRequest } from './pod-exchange.ts';
import type { DaprRequest } from './request-parser.ts';
import type { PodAnswer } from './response-parser.ts';
import { withinHeaderLimit } from './within-header-limit.ts';

/** An answer as daprd gets it, and what it says. */
export interface Judged {
  readonly answer: PodAnswer;
  readonly verdict: Verdict;
}

const noBytes = Buffer.alloc(0);

/** What daprd asked, on its way to a pod: passed on as it is. */
export class PodDelivery implements Delivery<PodAnswer>, PodRequest {
  readonly input: string;
  readonly cancellation: Cancellation;
  readonly bytes: number;
  readonly method: string;
  path: string;
  readonly headers: DaprRequest['headers'];
  body: Buffer;
  protected readonly client: PodClient;

  constructor(input: string, request: DaprRequest, cancellation: Cancellation, client: PodClient) {
    this.input = input;
    this.cancellation = cancellation;
    this.method = request.method;
    this.path = request.target;
    this.headers = request.headers;
    this.body = request.body;
    this.bytes = request.body.length;
    this.client = client;
  }

  /** It is not sent again, so that its body need not be kept until the pod has answered. */
  sent(): void {
    this.body = noBytes;
  }

  async attempt(endpoint: Endpoint): Promise<Attempt<PodAnswer>> {
    const exchanged = await this.client.exchange(endpoint, this);
    if (exchanged.result !== 'answered') {
      if (exchanged.result !== 'cancelled') this.failed(endpoint);
      return exchanged;
    }
    const { answer, verdict } = this.judge(exchanged.answer, endpoint);
    return { result: 'answered', answer, verdict };
  }

  /** The pod could not be reached, or did not answer. */
  protected failed(_endpoint: Endpoint): void {}

  /** What daprd is told, and what that means. */
  protected judge(answer: PodAnswer, _endpoint: Endpoint): Judged {
    return { answer, verdict: isSuccess(answer.status) ? 'success' : 'error' };
  }
}

/** An event of an input binding. */
export class BindingDelivery extends PodDelivery {
  protected override judge(answer: PodAnswer): Judged {
    const { status } = answer;
    if (!isSuccess(status)) return { answer: withinHeaderLimit(answer), verdict: 'error' };
    // Anything but 200 counts as a failure to a retry policy, and to daprd before 1.9 altogether.
    return { answer: withinHeaderLimit({ ...answer, status: 200 }), verdict: 'success' };
  }
}
