// The tools on the TypeScript SDK 2.x: ts2.mjs stdio|mcp PORT TOOLS.
import { createServer } from 'node:http';
import { z } from 'zod';
import { McpServer, createMcpHandler } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { toNodeHandler } from '@modelcontextprotocol/node';

const [transport, port, tools] = process.argv.slice(2);
const text = said => ({ content: [{ type: 'text', text: said }] });
const said = z.object({ text: z.string() });
const counted = z.object({ to: z.number() });
const filler = z.object({
    query: z.string().describe('What to look for.'),
    limit: z.number().int().min(1).max(1000).default(50),
    order: z.enum(['ascending', 'descending']).optional(),
});

function peer() {
    const mcp = new McpServer({ name: 'peer', version: '1' });
    const tool = (name, description, inputSchema, run) => mcp.registerTool(name, { description, inputSchema }, run);
    tool('echo', 'Says what it is told', said, async args => text(args.text));
    tool('count', 'Counts, and reports each step', counted, async ({ to }, { mcpReq }) => {
        const progressToken = mcpReq._meta?.progressToken;
        for (let progress = 1; progress <= to && progressToken !== undefined; progress++) {
            const params = { progressToken, progress, total: to, message: 'counting' };
            await mcpReq.notify({ method: 'notifications/progress', params });
        }
        return text(`counted to ${to}`);
    });
    for (let number = 3; number <= tools; number++) {
        const description = `Looks through collection ${number} and says what matches.`;
        tool(`tool_${String(number).padStart(4, '0')}`, description, filler, async () => text('nothing'));
    }
    return mcp;
}

if (transport === 'stdio') {
    serveStdio(peer);
} else {
    createServer(toNodeHandler(createMcpHandler(peer))).listen(Number(port), '127.0.0.1');
}
