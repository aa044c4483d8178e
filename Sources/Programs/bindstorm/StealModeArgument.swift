public import ArgumentParser
public import ForcedCalls

/// When ports are stolen, on the command line.
extension StealMode: ExpressibleByArgument {}
