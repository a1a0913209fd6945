"""nnU-Net's own command with cuDNN settled, so that arms on a GPU can be compared voxel by voxel."""

from __future__ import annotations

from worker import cudnn


def nnunet_command() -> None:
    """``nnUNetv2_predict_from_modelfolder``; its predictor switches cuDNN's search on when it is made."""
    from nnunetv2.inference import predict_from_raw_data as nnunet

    load = nnunet.nnUNetPredictor.initialize_from_trained_model_folder

    def settled(*given: object, **named: object) -> object:
        cudnn.settle()
        return load(*given, **named)

    nnunet.nnUNetPredictor.initialize_from_trained_model_folder = settled
    nnunet.predict_entry_point_modelfolder()


if __name__ == "__main__":
    nnunet_command()
