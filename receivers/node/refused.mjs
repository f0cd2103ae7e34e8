// Why is a request not accepted, and with which status is that said?

export class Refused extends Error {
  constructor(reason, status = 401) {
    super(reason);
    this.status = status;
  }
}
