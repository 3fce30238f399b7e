// The tools on the TypeScript SDK 2.x: ts2.mjs stdio|mcp PORT.
import { createServer } from 'node:http';
import { z } from 'zod';
import { McpServer, createMcpHandler } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { toNodeHandler } from '@modelcontextprotocol/node';

const [transport, port] = process.argv.slice(2);
const text = said => ({ content: [{ type: 'text', text: said }] });

function peer() {
    const mcp = new McpServer({ name: 'peer', version: '1' });
    const tool = (name, description, inputSchema, run) => mcp.registerTool(name, { description, inputSchema }, run);
    tool('echo', 'Says what it is told', z.object({ text: z.string() }), async args => text(args.text));
    tool('count', 'Counts, and reports each step', z.object({ to: z.number() }), async ({ to }, { mcpReq }) => {
        const progressToken = mcpReq._meta?.progressToken;
        for (let progress = 1; progress <= to && progressToken !== undefined; progress++) {
            const params = { progressToken, progress, total: to, message: 'counting' };
            await mcpReq.notify({ method: 'notifications/progress', params });
        }
        return text(`counted to ${to}`);
    });
    return mcp;
}

if (transport === 'stdio') {
    serveStdio(peer);
} else {
    createServer(toNodeHandler(createMcpHandler(peer))).listen(Number(port), '127.0.0.1');
}
