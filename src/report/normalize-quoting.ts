/**
 * A command with every kind of quoting written in one way, so that `echo 'a b'` and `echo a\ b` are seen to be the same. What
 * double quotes leave alive stays apart from what is not quoted at all. Not a parser: here-documents are plain text.
 */
export function normalizeQuoting(command: string): string {
  let normal = '';
  for (const [token] of command.matchAll(TOKENS)) normal += normalizeToken(token);
  return normal;
}

function normalizeToken(token: string): string {
  if (token.length > 1 && token.startsWith("'")) return backslash(token.slice(1, -1));
  if (token.length > 1 && token.startsWith('"')) return escapeDouble(token.slice(1, -1));
  return token.length > 1 ? unquote(token) : token;
}

function escapeDouble(text: string): string {
  return text.replace(/\\[$`"\\\n]|[\s\S]/g, (piece) => {
    if (piece.length > 1) return unquote(piece);
    return piece === '$' || piece === '`' ? `"${piece}` : backslash(piece);
  });
}

/** What a backslash quotes; before the end of a line it joins that with the next. */
function unquote(pair: string): string {
  return pair === '\\\n' ? '' : backslash(pair.slice(1));
}

function backslash(text: string): string {
  return text.replace(/[^A-Za-z0-9_./:@%+,-]/g, '\\$&');
}

/** A backslash and what it quotes, a quoted piece, or one character. */
const TOKENS = /\\[\s\S]|'[^']*'|"(?:\\[\s\S]|[^"\\])*"|[\s\S]/g;
