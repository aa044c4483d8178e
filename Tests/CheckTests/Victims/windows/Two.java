import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;

/** Two windows: the first one's loss is survived with another number, the second one's is not. */
public class Two {
  static ServerSocket listener(int port) throws IOException {
    return new ServerSocket(port, 5, InetAddress.getLoopbackAddress());
  }

  static int probe() throws IOException {
    try (ServerSocket socket = listener(0)) {
      return socket.getLocalPort();
    }
  }

  static ServerSocket tolerant() throws IOException {
    for (int tries = 0; ; tries++) {
      try {
        return listener(probe());
      } catch (IOException error) {
        if (tries == 4) throw error;
      }
    }
  }

  public static void main(String[] arguments) throws IOException {
    try (ServerSocket front = tolerant(); ServerSocket back = listener(probe())) {
      System.out.println("both up");
    }
  }
}
