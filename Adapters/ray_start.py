"""A local Ray cluster, from its start to its first answer: for `bindstorm check` and for rows of the strategy `check`.

Ray's services bind port 0 and report what they got, so no number is bound twice. Runs with any interpreter that has Ray
(PyPI package ray); exit code 0: the cluster answered, 77: there is no Ray.
"""

import sys

try:
    import ray
except ImportError as error:
    print(f"{error}: pip install ray", file=sys.stderr)
    sys.exit(77)


def answer():
    return 7


ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
try:
    print(f"Ray {ray.__version__}: {ray.get(ray.remote(answer).remote())}")
finally:
    ray.shutdown()
