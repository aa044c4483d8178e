# Two windows: the first one's loss is survived with another number, the second one's is not.
use strict;
use warnings;
use IO::Socket::INET;

sub listener { IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $_[0], Listen => 5) }

sub probe {
    my $s = listener(0) or die "no number: $!";
    my $port = $s->sockport;
    close $s;
    return $port;
}

sub tolerant {
    for (1 .. 5) { my $s = listener(probe()); return $s if $s }
    die "no number at all: $!";
}

my $front = tolerant();
my $back = listener(probe()) or die "no server: $!\n";
print "both up\n";
