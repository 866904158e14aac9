import { describeDriver } from './fixtures/driver.ts';

await describeDriver('mysql-9.7');
