<?php
// Two windows: the first one's loss is survived with another number, the second one's is not.
function listener($port) { return @stream_socket_server("tcp://127.0.0.1:$port"); }

function probe() {
  $server = listener(0);
  $name = stream_socket_get_name($server, false);
  fclose($server);
  return substr(strrchr($name, ':'), 1);
}

function tolerant() {
  for ($tries = 0; $tries < 5; $tries++) {
    if ($server = listener(probe())) return $server;
  }
  return false;
}

$front = tolerant();
$back = listener(probe());
if (!$front || !$back) exit(1);
echo "both up\n";
