import ssh2, { type BaseAgent, type ParsedKey, type SignCallback, type SigningRequestOptions } from 'ssh2';

/** A key that a running ssh-agent holds. */
export interface AgentKey {
  readonly publicKey: ParsedKey;
  /** An agent that knows this key only: ssh2 offers every key of the agent it is given. */
  readonly agent: BaseAgent;
}

/** The keys of the agent behind a socket, in its order. Rejects when it does not answer within 5 s. */
export async function listAgentKeys(socket: string): Promise<AgentKey[]> {
  const agent = new ssh2.OpenSSHAgent(socket);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the agent does not answer')), 5000);
    agent.getIdentities((error, keys = []) => {
      clearTimeout(timer);
      if (error) reject(error);
      else
        resolve(
          keys.flatMap((key) =>
            'pubKey' in key ? [] : [{ publicKey: key, agent: new SingleKeyAgent(agent, key) }],
          ),
        );
    });
  });
}

class SingleKeyAgent extends ssh2.BaseAgent<ParsedKey> {
  constructor(
    readonly agent: BaseAgent<ParsedKey>,
    readonly key: ParsedKey,
  ) {
    super();
  }

  override getIdentities(callback: (error?: Error | null, keys?: ParsedKey[]) => void): void {
    callback(null, [this.key]);
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    callback?: SignCallback,
  ): void {
    const done = typeof options === 'function' ? options : callback;
    if (typeof options === 'function') this.agent.sign(key, data, options);
    else if (options.hash === 'sha1') done?.(new Error('the server wants a SHA-1 signature'));
    else this.agent.sign(key, data, options, callback);
  }
}
