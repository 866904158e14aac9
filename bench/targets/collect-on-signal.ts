// Loaded into a service in front of its own code, so that what it holds can be told from what waits to be collected.
process.on('SIGUSR2', () => {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  process.stdout.write('{"msg":"Collected"}\n');
});
