export const QUEUE = 'votes';
