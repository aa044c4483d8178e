internal import Workers

runWorker()
