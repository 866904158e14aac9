import { expect, test } from 'vitest';

import { nftablesScript } from './nftables.ts';

test('nothing to enforce is an empty table in the place of the last one', () => {
  expect(nftablesScript([])).toMatchInlineSnapshot(`
    "table inet voteapp-network-policy
    delete table inet voteapp-network-policy
    table inet voteapp-network-policy {
      chain forward {
        type filter hook forward priority filter - 5; policy accept;
        ct state established,related accept
      }
      chain input {
        type filter hook input priority filter - 5; policy accept;
        ct state established,related accept
      }
    }
    "
  `);
});

test('each isolated pod has a chain for each way, which new connections that are its own go through', () => {
  const pods = [
    {
      pod: 'shop/db',
      address: '10.244.0.3',
      ingress: [
        { peer: { within: ['10.244.0.3'], except: [] }, ports: null },
        { peer: { within: ['10.244.0.2', '10.244.0.4'], except: [] }, ports: { protocol: 'TCP', range: [5432, 5432] } },
        {
          peer: { within: ['203.0.113.0/24'], except: ['203.0.113.128/25', '203.0.113.192/26'] },
          ports: { protocol: 'SCTP', range: null },
        },
      ],
      egress: null,
    },
    {
      pod: 'shop/web',
      address: '10.244.0.2',
      ingress: [{ peer: null, ports: null }],
      egress: [{ peer: null, ports: { protocol: 'UDP', range: [53, 60] } }],
    },
  ] as const;
  expect(nftablesScript(pods)).toMatchInlineSnapshot(`
    "table inet voteapp-network-policy
    delete table inet voteapp-network-policy
    table inet voteapp-network-policy {
      chain egress-10.244.0.2 {
        # shop/web
        udp dport 53-60 return
        drop
      }
      chain ingress-10.244.0.3 {
        # shop/db
        ip saddr 10.244.0.3 return
        ip saddr { 10.244.0.2, 10.244.0.4 } tcp dport 5432 return
        ip saddr 203.0.113.0/24 ip saddr != 203.0.113.128/25 ip saddr != 203.0.113.192/26 meta l4proto sctp return
        drop
      }
      chain ingress-10.244.0.2 {
        # shop/web
        return
        drop
      }
      chain forward {
        type filter hook forward priority filter - 5; policy accept;
        ct state established,related accept
        ip saddr vmap { 10.244.0.2 : jump egress-10.244.0.2 }
        ip daddr vmap { 10.244.0.3 : jump ingress-10.244.0.3, 10.244.0.2 : jump ingress-10.244.0.2 }
      }
      chain input {
        type filter hook input priority filter - 5; policy accept;
        ct state established,related accept
        ip saddr vmap { 10.244.0.2 : jump egress-10.244.0.2 }
      }
    }
    "
  `);
});
