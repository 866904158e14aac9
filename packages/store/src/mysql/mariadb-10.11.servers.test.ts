import { describeDriver } from './fixtures/driver.ts';

await describeDriver('mariadb-10.11');
