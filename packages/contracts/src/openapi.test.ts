import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, it } from 'vitest';

import { openApi } from './openapi.ts';

it('is valid OpenAPI 3.1', async () => {
  const result = await new Validator().validate(structuredClone(openApi()) as Record<string, unknown>);
  expect(result.errors ?? []).toEqual([]);
  expect(result.valid).toBe(true);
});
