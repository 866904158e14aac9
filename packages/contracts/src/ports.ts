/** TCP ports of the services. In pods the admin port is apart, so that an Ingress never publishes it. */
export const PORTS = { vote: 8080, worker: 8081, front: 8082, admin: 9090 } as const;
