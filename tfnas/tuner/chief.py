"""`serve`: the chief's side of a parallel search over gRPC."""

from __future__ import annotations

import os
import time
from concurrent import futures
from typing import Any

import grpc
from keras_tuner.src import protos
from keras_tuner.src.distribute.oracle_chief import OracleServicer

from tfnas.errors import ConfigError
from tfnas.tuner.guarded_oracle import GuardedOracle

_POLL_S = 0.5
_GRACE_S = 5.0


class _Servicer(OracleServicer):
    """keras-tuner's servicer, which also tells the chief why a worker got no answer."""

    error: Exception | None = None

    def CreateTrial(self, request: Any, context: Any) -> Any:
        return self._kept(super().CreateTrial, request, context)

    def EndTrial(self, request: Any, context: Any) -> Any:
        return self._kept(super().EndTrial, request, context)

    def _kept(self, call: Any, request: Any, context: Any) -> Any:
        try:
            return call(request, context)
        except Exception as error:
            self.error = error
            raise


def serve(oracle: GuardedOracle) -> None:
    """Answers workers until the search is over and the last of them has left.

    In place of ``keras_tuner``'s own loop, which waits for ever for a worker that died, or when a
    call failed, and looks only every 20 s whether it may stop. The address is in the environment
    variables KERASTUNER_ORACLE_IP and KERASTUNER_ORACLE_PORT.

    Raises:
        ConfigError: If the address cannot be used.
        SearchError: If all workers are silent for longer than the oracle's ``worker_timeout``.
        Exception: What the oracle raised in a call, for example because the disk is full.
    """
    address = f"{os.environ['KERASTUNER_ORACLE_IP']}:{os.environ['KERASTUNER_ORACLE_PORT']}"
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=1))
    servicer = _Servicer(oracle)
    protos.get_service_grpc().add_OracleServicer_to_server(servicer, server)
    try:
        bound = server.add_insecure_port(address)
    except RuntimeError:
        bound = 0
    if not bound:
        raise ConfigError(
            "KERASTUNER_ORACLE_IP and KERASTUNER_ORACLE_PORT",
            expected="a free address of this machine",
            received=address,
            remedy="Another process may have the port.",
        )
    server.start()
    try:
        while oracle.has_workers() and not (servicer.stop_triggered and oracle.is_deserted()):
            time.sleep(_POLL_S)
            if servicer.error is not None:
                raise servicer.error
            oracle.release_silent_workers()
    finally:
        server.stop(_GRACE_S).wait()
