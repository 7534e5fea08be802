// One line of JSON per ask on standard input: {url, proxy, login, ca}. One line of JSON per answer: {status, text}.
// The argument is which undici: 6, that old Nodes can run too, or 7, that speaks SOCKS5.
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";

const { ProxyAgent, Socks5ProxyAgent, request } = await import(process.argv[2]);

function agentFor(ask) {
  const ca = readFileSync(ask.ca);
  if (ask.proxy.startsWith("socks")) {
    const [username, password] = ask.login ?? [];
    return new Socks5ProxyAgent(ask.proxy, { username, password, requestTls: { ca } });
  }
  const token = ask.login ? `Basic ${Buffer.from(ask.login.join(":")).toString("base64")}` : undefined;
  return new ProxyAgent({ uri: ask.proxy, token, requestTls: { ca }, proxyTls: { ca } });
}

async function visit(ask) {
  const agent = agentFor(ask);
  try {
    const got = await request(ask.url, { dispatcher: agent });
    const text = await got.body.text();
    const body = "x".repeat(70000);
    const echo = new URL("/echo", ask.url);
    const posted = await request(echo, { dispatcher: agent, method: "POST", body });
    if ((await posted.body.text()) !== body) throw new Error("the echo differs");
    return { status: got.statusCode, text };
  } catch (error) {
    return { status: 0, text: `${error.name}: ${error.message}` };
  } finally {
    await agent.close();
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await visit(JSON.parse(line))));
}
