import java.net.InetAddress;
import java.net.ServerSocket;

/** Probe-then-bind in Java. */
public class Probe {
  public static void main(String[] arguments) throws Exception {
    InetAddress here = InetAddress.getLoopbackAddress();
    ServerSocket probe = new ServerSocket(0, 5, here);
    int port = probe.getLocalPort();
    probe.close();
    try (ServerSocket server = new ServerSocket(port, 5, here)) {
      System.out.println("ok");
    } catch (java.net.BindException e) {
      System.out.println("failed " + e.getMessage());
      System.exit(3);
    }
  }
}
