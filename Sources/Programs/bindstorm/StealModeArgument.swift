public import ArgumentParser
public import ForcedCalls
public import Interception

/// When ports are stolen, on the command line.
extension StealMode: ExpressibleByArgument {}
extension TheftWay: ExpressibleByArgument {}
