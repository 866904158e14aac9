import { describeDriver } from './fixtures/driver.ts';

await describeDriver('mariadb-11.8');
